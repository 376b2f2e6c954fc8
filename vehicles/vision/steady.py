"""An OpenVINO detector for pictures that all have one shape, as those of a camera have.

The general runner pads every picture to a square; of a wide picture that is nearly half
the work. Here the network is shaped to the picture, takes its bytes as they are, and
boxes are sorted out without tensors of another library.
"""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import openvino
import yaml
from numpy.typing import NDArray
from openvino.preprocess import ColorFormat, PrePostProcessor

from vehicles.domain.smoke.photometry import Image

# Networks of this family halve the picture five times.
STRIDE = 32
PADDING = 114
# Boxes of different classes never overlap when moved apart by this.
APART = 10_000.0

Rows = NDArray[np.float32]


def is_openvino(path: Path) -> bool:
    """Whether a model is an OpenVINO folder."""
    return path.is_dir() and any(path.glob("*.xml"))


@dataclass(frozen=True)
class Fit:
    """How a picture lies in the network's input: size when scaled, and the padding."""

    width: int
    height: int
    across: int
    down: int
    scale: float
    left: int
    top: int

    @classmethod
    def of(cls, width: int, height: int, size: int) -> "Fit":
        """The longer side becomes ``size``; padding only up to the next stride."""
        scale = size / max(width, height)
        across, down = round(width * scale), round(height * scale)
        whole = [max(-(-side // STRIDE), 1) * STRIDE for side in (across, down)]
        return cls(
            width=whole[0],
            height=whole[1],
            across=across,
            down=down,
            scale=scale,
            left=round((whole[0] - across) / 2 - 0.1),
            top=round((whole[1] - down) / 2 - 0.1),
        )


class SteadyModel:
    """A network compiled for one shape of picture."""

    def __init__(
        self, path: Path, *, size: int, threads: int, width: int, height: int
    ) -> None:
        self.picture = (width, height)
        self.fit = Fit.of(width, height, size)
        told = yaml.safe_load((path / "metadata.yaml").read_text(encoding="utf-8"))
        self.names: dict[int, str] = told["names"]
        core = openvino.Core()
        model = core.read_model(next(path.glob("*.xml")))
        model.reshape([1, 3, self.fit.height, self.fit.width])
        config: dict[str, Any] = {"PERFORMANCE_HINT": "LATENCY"}
        if threads:
            config["INFERENCE_NUM_THREADS"] = threads
        compiled = core.compile_model(_taking_bytes(model), "CPU", config)
        self._request = compiled.create_infer_request()
        self._input: Image = np.full(
            (1, self.fit.height, self.fit.width, 3), PADDING, np.uint8
        )

    def rows(self, image: Image, *, least: float, share: float, most: int) -> Rows:
        """Boxes above ``least``: x1, y1, x2, y2, score, class; best first.

        Of two boxes of a class that share more than ``share`` the better one stays.
        """
        fit = self.fit
        place = self._input[
            0, fit.top : fit.top + fit.down, fit.left : fit.left + fit.across
        ]
        place[:] = cv2.resize(
            image, (fit.across, fit.down), interpolation=cv2.INTER_LINEAR
        )
        self._request.infer([self._input], share_inputs=True)
        found: Rows = self._request.get_output_tensor(0).data[0]
        return self._kept(found, least=least, share=share, most=most)

    def _kept(self, found: Rows, *, least: float, share: float, most: int) -> Rows:
        best = found[4:].max(0)
        some = np.flatnonzero(best > least)
        if not len(some):
            return np.zeros((0, 6), np.float32)
        kinds = found[4:, some].argmax(0)
        scores = best[some]
        x, y, w, h = found[:4, some]
        apart = kinds * APART
        boxes = np.stack([x - w / 2 + apart, y - h / 2, w, h], 1)
        kept = np.asarray(
            cv2.dnn.NMSBoxes(boxes.tolist(), scores.tolist(), least, share, 1.0, most),
            np.intp,
        ).reshape(-1)
        rows = np.empty((len(kept), 6), np.float32)
        rows[:, 0], rows[:, 2] = (x - w / 2)[kept], (x + w / 2)[kept]
        rows[:, 1], rows[:, 3] = (y - h / 2)[kept], (y + h / 2)[kept]
        rows[:, [0, 2]] = (rows[:, [0, 2]] - self.fit.left) / self.fit.scale
        rows[:, [1, 3]] = (rows[:, [1, 3]] - self.fit.top) / self.fit.scale
        width, height = self.picture
        rows[:, :4] = np.clip(rows[:, :4], 0, (width, height, width, height))
        rows[:, 4], rows[:, 5] = scores[kept], kinds[kept]
        return rows[np.argsort(-rows[:, 4], kind="stable")][:most]


def _taking_bytes(model: Any) -> Any:
    """The same network, taking BGR bytes in rows as pictures have them."""
    steps = PrePostProcessor(model)
    taken = steps.input().tensor()
    taken.set_element_type(openvino.Type.u8)
    taken.set_layout(openvino.Layout("NHWC"))
    taken.set_color_format(ColorFormat.BGR)
    steps.input().model().set_layout(openvino.Layout("NCHW"))
    work = steps.input().preprocess()
    work.convert_element_type(openvino.Type.f32)
    work.convert_color(ColorFormat.RGB)
    work.scale(255.0)
    return steps.build()
