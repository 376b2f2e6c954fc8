"""Captures handed to the traffic police, and the import of their replies."""

import csv
import hashlib
import io
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime

from django.db import transaction

from bozhou_eco.accounts.models import User
from bozhou_eco.audit import services as audit
from bozhou_eco.common import clock
from vehicles.domain import plates
from vehicles.models import Capture, CaptureTransfer
from vehicles.services.bundles import VIOLATION_CODE, transfer_package

COLUMNS = ("告知书编号", "号牌号码", "回执编号", "处理结果", "处理日期")
MOST_BYTES, MOST_ROWS = 2 << 20, 5000


class ReplyError(ValueError):
    """A file of replies that cannot be read at all; the message says why, in Chinese."""


@dataclass
class Imported:
    """What an import did: new replies, those known already, lines refused with reason."""

    taken: int = 0
    known: int = 0
    refused: list[str] = field(default_factory=list)


def hand_over(*, capture: Capture, actor: User | None, now: datetime) -> bytes:
    """Make the package and note that it was handed over; again renews the digest."""
    content = transfer_package(capture=capture, actor=actor, now=now)
    digest = hashlib.sha256(content).hexdigest()
    with transaction.atomic():
        CaptureTransfer.objects.update_or_create(
            capture=capture,
            defaults={"sha256": digest},
            create_defaults={
                "sha256": digest,
                "code": VIOLATION_CODE,
                "sent_at": now,
                "sent_by": actor,
            },
        )
    return content


def import_replies(*, content: bytes, actor: User, now: datetime) -> Imported:
    """Take replies from a CSV (UTF-8 or GBK); a bad line is told and stops nothing."""
    done = Imported()
    for number, row in enumerate(_rows(content), 2):
        try:
            new = _take(row, actor, now)
        except ReplyError as error:
            done.refused.append(f"第 {number} 行：{error}")
            continue
        done.taken += new
        done.known += not new
    return done


def _rows(content: bytes) -> list[dict[str, str]]:
    if not content:
        raise ReplyError("文件为空")
    if len(content) > MOST_BYTES:
        raise ReplyError("文件超过 2 MB")
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError:
        try:
            text = content.decode("gb18030")
        except UnicodeDecodeError as error:
            raise ReplyError("文件编码不是 UTF-8 或 GBK") from error
    try:
        reader = csv.DictReader(io.StringIO(text, newline=""), strict=True)
        names = [name.strip() for name in reader.fieldnames or []]
        missing = [name for name in COLUMNS if name not in names]
        if missing:
            raise ReplyError(f"缺少列：{'、'.join(missing)}")
        reader.fieldnames = names
        rows = [
            {key: (row.get(key) or "").strip() for key in COLUMNS} for row in reader
        ]
    except csv.Error as error:
        raise ReplyError(f"不是有效的 CSV：{error}") from error
    if len(rows) > MOST_ROWS:
        raise ReplyError(f"超过 {MOST_ROWS} 行，请分批导入")
    return [row for row in rows if any(row.values())]


@transaction.atomic
def _take(row: Mapping[str, str], actor: User, now: datetime) -> bool:
    """Store one reply; False when the same one is there already."""
    for name in ("告知书编号", "回执编号", "处理结果"):
        if not row[name]:
            raise ReplyError(f"{name}为空")
    for name in COLUMNS:
        if "\0" in row[name]:
            raise ReplyError(f"{name}含空字符，请另存后重试")
    try:
        decided_on = date.fromisoformat(row["处理日期"].replace("/", "-"))
    except ValueError as error:
        raise ReplyError(
            f"处理日期“{row['处理日期'][:20]}”应为 2026-11-23 的形式"
        ) from error
    if decided_on > clock.beijing(now).date():
        raise ReplyError("处理日期在今天之后")
    transfer = (
        CaptureTransfer.objects.select_for_update(of=("self",))
        .select_related("capture")
        .filter(
            capture__notice_number=row["告知书编号"],
            capture__in=Capture.objects.visible_to(actor),
        )
        .first()
    )
    if transfer is None:
        raise ReplyError(f"没有编号为 {row['告知书编号'][:40]} 的已移交抓拍")
    if transfer.capture.plate_final != plates.normalise(row["号牌号码"]):
        raise ReplyError(f"号牌 {row['号牌号码'][:16]} 与该告知书不符")
    same = (transfer.receipt, transfer.result, transfer.decided_on) == (
        row["回执编号"][:60],
        row["处理结果"][:200],
        decided_on,
    )
    if same:
        return False
    before = {"receipt": transfer.receipt, "result": transfer.result}
    transfer.receipt, transfer.result = row["回执编号"][:60], row["处理结果"][:200]
    transfer.decided_on, transfer.replied_at = decided_on, now
    transfer.save()
    audit.record(
        actor=actor,
        act="capture.reply",
        subject=f"capture:{transfer.capture_id}",
        detail={
            "before": before,
            "receipt": transfer.receipt,
            "result": transfer.result,
            "decided_on": decided_on.isoformat(),
        },
        now=now,
    )
    return True
