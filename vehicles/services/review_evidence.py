"""What a reviewer must have looked at, and what a capture needs, to be confirmed."""

from collections.abc import Sequence

from vehicles.models import Capture, CaptureFile

LEAST_FRAMES = 3
FRAME, CLIP = CaptureFile.Kind.FRAME, CaptureFile.Kind.CLIP


def needed_evidence(capture: Capture) -> list[str]:
    """Names of the evidence that must be opened before smoke may be confirmed."""
    files = capture.files.filter(kind__in=(FRAME, CLIP)).order_by("kind", "place")
    return [f"{one.kind}-{one.place}" for one in files]


def never_confirmed(capture: Capture) -> str:
    """Why a capture can never be evidence, whoever looks at it; empty if it can."""
    if capture.register_gaps:
        gaps = "、".join(capture.register_gaps)
        return f"点位备案不全（{gaps}），不能作为证据确认"
    kinds = [name.partition("-")[0] for name in needed_evidence(capture)]
    if kinds.count(FRAME) < LEAST_FRAMES and CLIP not in kinds:
        return f"既无视频又不足 {LEAST_FRAMES} 帧画面，不能作为证据确认"
    return ""


def missing_evidence(capture: Capture, opened: Sequence[str]) -> str:
    """Why smoke cannot be confirmed after looking at ``opened``; empty if it can."""
    never = never_confirmed(capture)
    if never:
        return never
    unseen = [name for name in needed_evidence(capture) if name not in opened]
    return "请先查看三帧画面和视频，再确认黑烟" if unseen else ""
