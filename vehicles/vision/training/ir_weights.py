"""Start a YOLO from the weights of an OpenVINO detector (int8 or float).

An exported detector keeps each convolution with its batch norm folded in. Here the
weights are dequantised and put back into a trainable network; batch norms are then
given the statistics of real pictures, so that the network starts as the same
function and can be trained further.
"""

from collections.abc import Iterable
from pathlib import Path
from typing import Any

import numpy as np
import openvino
import torch
from numpy.typing import NDArray
from torch import nn

Folded = tuple[NDArray[np.float32], NDArray[np.float32]]


def _constant(node: Any) -> NDArray[np.float32]:
    """Value of a weight: a constant, or int8 → convert → subtract → multiply."""
    kind = node.get_type_name()
    if kind == "Constant":
        return np.asarray(node.data, dtype=np.float32)
    source = _constant(node.input_value(0).get_node())
    if kind in ("Convert", "FakeQuantize"):
        return source
    other = _constant(node.input_value(1).get_node())
    if kind == "Multiply":
        return source * other
    if kind == "Subtract":
        return source - other
    if kind == "Reshape":
        return source.reshape(other.astype(int))
    raise ValueError(f"unexpected operation in a weight: {kind}")


def read_folded(path: Path) -> dict[str, Folded]:
    """Weights and biases of every convolution, by the module's dotted name."""
    model = openvino.Core().read_model(path)
    found: dict[str, Folded] = {}
    for op in model.get_ordered_ops():
        if op.get_type_name() != "Convolution" or ".dfl." in op.get_friendly_name():
            continue
        name = op.get_friendly_name().removeprefix("__module.").split("/")[0]
        weight = _constant(op.input_value(1).get_node())
        bias = np.zeros(weight.shape[0], np.float32)
        for target in op.output(0).get_target_inputs():
            node = target.get_node()
            if node.get_type_name() == "Add":
                bias = _constant(node.input_value(1).get_node()).reshape(-1)
        found[name] = (weight, bias)
    return found


def _strongest(weights: NDArray[np.float32], count: int) -> NDArray[np.intp]:
    """Which ``count`` inputs of a layer carry most of its weight, in order."""
    strength = np.abs(weights).sum(axis=(0, *range(2, weights.ndim)))
    return np.sort(np.argsort(strength)[::-1][:count])


def narrow_class_branches(
    folded: dict[str, Folded], *, keep: list[int], classes: int, width: int
) -> dict[str, Folded]:
    """The class branches (``…cv3.K``) for ``classes`` outputs and ``width`` channels.

    The classes ``keep`` come first; further ones start silent (a low bias). Of the
    hidden channels those stay that the kept classes use most.
    """
    result = dict(folded)
    for last in [name for name in folded if name.endswith(".2") and ".cv3." in name]:
        branch = last.removesuffix(".2")
        first, second = f"{branch}.0.conv", f"{branch}.1.conv"
        weight, bias = folded[last]
        inner = _strongest(weight[keep], width)
        outer = _strongest(folded[second][0][inner], width)
        heads = np.zeros((classes, width, 1, 1), np.float32)
        offsets = np.full(classes, -6.0, np.float32)
        heads[: len(keep)] = weight[keep][:, inner]
        offsets[: len(keep)] = bias[keep]
        result[last] = (heads, offsets)
        result[second] = (folded[second][0][inner][:, outer], folded[second][1][inner])
        result[first] = (folded[first][0][outer], folded[first][1][outer])
    return result


def load_folded(network: nn.Module, folded: dict[str, Folded]) -> int:
    """Copy folded weights into ``network``; returns how many convolutions took one.

    Batch norms are made the identity plus bias; ``settle_batch_norms`` must follow
    before training.
    """
    modules = dict(network.named_modules())
    taken = 0
    with torch.no_grad():
        for name, pair in folded.items():
            module = modules.get(name)
            if not isinstance(module, nn.Conv2d):
                raise ValueError(f"the network has no convolution {name}")
            weight, bias = (torch.from_numpy(part.copy()) for part in pair)
            module.weight.copy_(weight)
            norm = modules.get(name.rsplit(".", 1)[0] + ".bn")
            if isinstance(norm, nn.BatchNorm2d):
                norm.running_mean.zero_()
                norm.running_var.fill_(1.0 - norm.eps)
                norm.weight.fill_(1.0)
                norm.bias.copy_(bias)
            elif module.bias is not None:
                module.bias.copy_(bias)
            taken += 1
    return taken


def settle_batch_norms(network: nn.Module, batches: Iterable[torch.Tensor]) -> None:
    """Give each identity batch norm the statistics of its input, same function."""
    sums: dict[nn.BatchNorm2d, list[torch.Tensor]] = {}

    def watch(module: nn.Module, inputs: tuple[torch.Tensor, ...]) -> None:
        assert isinstance(module, nn.BatchNorm2d)
        seen = inputs[0].detach().double()
        parts = torch.stack([seen.mean((0, 2, 3)), (seen**2).mean((0, 2, 3))])
        sums.setdefault(module, []).append(parts)

    norms = [m for m in network.modules() if isinstance(m, nn.BatchNorm2d)]
    hooks = [norm.register_forward_pre_hook(watch) for norm in norms]
    network.eval()
    with torch.no_grad():
        for batch in batches:
            network(batch)
        for hook in hooks:
            hook.remove()
        for norm, parts in sums.items():
            mean, square = torch.stack(parts).mean(0)
            variance = (square - mean**2).clamp(min=1e-8)
            spread = (variance + norm.eps).sqrt()
            shift = norm.bias.double()
            norm.running_mean.copy_(mean)
            norm.running_var.copy_(variance)
            norm.weight.copy_(spread)
            norm.bias.copy_(shift + mean)
