"""Frames that were not taken in, and factor codes that no point maps."""

from dataclasses import dataclass

from django.db.models import Count, Q, QuerySet, Sum

from bozhou_eco.accounts.models import Role, User
from polluters.models import Outlet, Pollutant, QuarantinedFrame, UnmappedCode

SHOWN_BYTES = 2000
MENDS = {
    "unknown_mn": "在后台登记该 MN 的数采仪后重试。",
    "inactive": "确认设备重新启用后，在后台恢复数采仪再重试。",
    "topic_mismatch": "数采仪用错了主题或 MN，请核对设备参数。",
    "wrong_password": "核对数采仪 PW 与后台登记是否一致。",
    "future_time": "数采仪时钟超前，校时后补传。",
    "too_old": "超出可补传的时间范围，确需入库请联系系统管理员。",
    "no_time": "报文没有数据时间，需厂家修正。",
    "bad_value": "数值不是数字，需厂家修正。",
    "crc_mismatch": "核对 CRC 变体；线路误码时可忽略，数采仪会重发。",
    "bad_length": "长度与内容不符，多为线路误码或厂家实现错误。",
    "bad_header": "不是 HJ 212 报文。",
    "too_big": "超过报文大小上限，核对是否接错设备。",
}


@dataclass(frozen=True, slots=True)
class Group:
    """How many waiting frames share a reason."""

    reason: str
    label: str
    frames: int
    seen: int


def frames_for(user: User) -> QuerySet[QuarantinedFrame]:
    """Return the refused frames a person may see.

    Frames of unknown loggers belong to no district: whoever works for the whole
    prefecture sees them, and the administrator who registers loggers.
    """
    rows = QuarantinedFrame.objects.all()
    districts = user.district_ids()
    if districts is None or user.has_role(Role.ADMIN):
        return rows
    return rows.filter(logger__outlet__enterprise__district__in=districts)


def waiting(
    user: User, *, reason: str = "", mn: str = ""
) -> QuerySet[QuarantinedFrame]:
    """Return waiting frames, newest first."""
    rows = frames_for(user).filter(state=QuarantinedFrame.State.WAITING)
    if reason:
        rows = rows.filter(reason=reason)
    if mn:
        rows = rows.filter(Q(mn__icontains=mn) | Q(topic_mn__icontains=mn))
    return rows.select_related("logger__outlet__enterprise").order_by("-last_at")


def groups(user: User) -> list[Group]:
    """Return the waiting frames counted by reason, most first."""
    rows = (
        frames_for(user)
        .filter(state=QuarantinedFrame.State.WAITING)
        .values("reason")
        .annotate(frames=Count("pk"), total=Sum("seen"))
        .order_by("-frames")
    )
    return [
        Group(
            row["reason"],
            str(QuarantinedFrame.Reason(row["reason"]).label),
            row["frames"],
            row["total"],
        )
        for row in rows
    ]


def unmapped_for(user: User) -> QuerySet[UnmappedCode]:
    """Return codes that known loggers send and no point maps, most frequent first."""
    rows = UnmappedCode.objects.filter(resolved_at=None)
    districts = user.district_ids()
    if districts is not None and not user.has_role(Role.ADMIN):
        rows = rows.filter(logger__outlet__enterprise__district__in=districts)
    return rows.select_related("logger__outlet__enterprise").order_by("-seen")


def readable(body: bytes) -> tuple[str, int]:
    """Return bytes as text that a page may show, and how many were left out."""
    shown = body[:SHOWN_BYTES]
    text = "".join(
        chr(byte) if 32 <= byte < 127 else "␍␊"[byte == 10] if byte in (10, 13) else "·"
        for byte in shown
    )
    return text, max(len(body) - SHOWN_BYTES, 0)


def mend_of(reason: str) -> str:
    """Return what has to be done before a re-try can succeed."""
    return MENDS.get(reason, "修正原因后重试。")


def guess_pollutant(code: str) -> Pollutant | None:
    """Return the factor that a wire code most likely is, by new or by old code."""
    return (
        Pollutant.objects.filter(code=code).first()
        or Pollutant.objects.filter(old_code=code).exclude(old_code="").first()
    )


def outlets_of(row: UnmappedCode) -> QuerySet[Outlet]:
    """Return the outlets that a code may belong to: those of the logger's firm."""
    rows: QuerySet[Outlet] = Outlet.objects.filter(
        enterprise=row.logger.outlet.enterprise_id, active=True
    )
    return rows
