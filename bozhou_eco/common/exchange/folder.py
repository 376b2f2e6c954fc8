"""Parcels on a disk that two platforms share: a folder each, complete or not there.

``put`` writes beside and renames, so a reader never sees half a parcel. A parcel is
waiting until its receipt lies beside it as ``NUMBER.receipt.json``.
"""

import json
import shutil
from pathlib import Path

from bozhou_eco.common.exchange.parcel import (
    MANIFEST,
    MOST_BYTES,
    MOST_FILES,
    NUMBER,
    Parcel,
    Receipt,
    RefusedError,
    open_parcel,
)

RECEIPT = ".receipt.json"
HALF = ".part-"


def put(folder: Path, parcel: Parcel) -> Path:
    """Write a parcel; one with the same number and content stays as it is.

    Raises ``RefusedError`` if another content lies there under the number.
    """
    folder.mkdir(parents=True, exist_ok=True)
    target = folder / parcel.number
    if target.exists():
        if take(folder, parcel.number).digest != parcel.digest:
            raise RefusedError([f"批次 {parcel.number} 已存在且内容不同"])
        return target
    half = folder / f"{HALF}{parcel.number}"
    if half.exists():
        shutil.rmtree(half)
    half.mkdir()
    for name, body in parcel.files.items():
        (half / name).write_bytes(body)
    (half / MANIFEST).write_bytes(parcel.manifest.as_bytes())
    half.rename(target)
    return target


def waiting(folder: Path) -> list[str]:
    """Return the numbers of complete parcels without a receipt, in order."""
    if not folder.is_dir():
        return []
    return sorted(
        path.name
        for path in folder.iterdir()
        if path.is_dir()
        and NUMBER.fullmatch(path.name)
        and (path / MANIFEST).is_file()
        and not (folder / f"{path.name}{RECEIPT}").exists()
    )


def take(folder: Path, number: str) -> Parcel:
    """Return a parcel with every byte checked; it stays where it is."""
    if not NUMBER.fullmatch(number):
        raise RefusedError([f"批次号不合规：{number[:80]}"])
    place = folder / number
    if not (place / MANIFEST).is_file():
        raise RefusedError([f"批次 {number} 没有清单 {MANIFEST}"])
    paths = [path for path in place.iterdir() if path.name != MANIFEST]
    if len(paths) > MOST_FILES or any(p.is_symlink() or p.is_dir() for p in paths):
        raise RefusedError([f"批次 {number} 含子目录、链接或过多文件"])
    if sum(path.stat().st_size for path in paths) > MOST_BYTES:
        raise RefusedError([f"批次 {number} 超过 {MOST_BYTES // 1024**2} MB"])
    files = {path.name: path.read_bytes() for path in paths}
    parcel = open_parcel((place / MANIFEST).read_bytes(), files)
    if parcel.number != number:
        raise RefusedError([f"目录名 {number} 与清单批次号 {parcel.number} 不符"])
    return parcel


def answer(folder: Path, receipt: Receipt) -> Path:
    """Write the receipt beside its parcel."""
    if not NUMBER.fullmatch(receipt.number):
        raise RefusedError([f"批次号不合规：{receipt.number[:80]}"])
    path = folder / f"{receipt.number}{RECEIPT}"
    half = folder / f"{HALF}{receipt.number}{RECEIPT}"
    half.write_text(json.dumps(receipt.as_json(), ensure_ascii=False, indent=1))
    half.replace(path)
    return path


def receipt(folder: Path, number: str) -> Receipt | None:
    """Return the receipt of a parcel that we put there, None while there is none."""
    path = folder / f"{number}{RECEIPT}"
    if not NUMBER.fullmatch(number) or not path.is_file():
        return None
    try:
        return Receipt.read(json.loads(path.read_text()))
    except ValueError as error:
        if isinstance(error, RefusedError):
            raise
        raise RefusedError([f"回执 {path.name} 不是 JSON"]) from error
