"""What enterprises of the demo were asked, said and proved. All of it is invented."""

import io
from datetime import datetime, timedelta

from django.db import transaction
from PIL import Image, ImageDraw

from bozhou_eco.accounts.models import Role, User
from bozhou_eco.common import clock
from polluters.models import Exceedance, Explanation, MarkKind, Outlet
from polluters.services import explanations as acts
from polluters.services import marks

QUESTION = "请说明该时段超标原因、已采取的措施，并附运行记录或检修单。"
ANSWER = (
    "该时段脱硝喷枪堵塞，已停喷检修并更换喷嘴，恢复后数据回到限值以内。检修单见附件。"
)
VOLUNTARY = "本周三计划更换气幕阀，届时流量会短时下降，特此说明。"


def seed(*, now: datetime, scale: int = 1) -> None:
    """Make one thread a state: asked, answered, accepted, returned; once."""
    officer = User.objects.filter(username="officer").first()
    if officer is None or Explanation.objects.exists():
        return
    with transaction.atomic():
        for number, outlet in enumerate(_outlets()):
            _thread(outlet, number, officer, now)


def _outlets() -> list[Outlet]:
    """Return the first outlet of each enterprise, one an enterprise."""
    rows = Outlet.objects.filter(active=True).select_related(
        "enterprise__organisation", "enterprise__district"
    )
    found: dict[int, Outlet] = {}
    for outlet in rows.order_by("pk"):
        found.setdefault(outlet.enterprise_id, outlet)
    return list(found.values())[:12]


def _spokesman(outlet: Outlet) -> User:
    """Return somebody who speaks for the enterprise; made without a password."""
    organisation = outlet.enterprise.organisation
    held = User.objects.filter(
        organisation=organisation, roles__contains=[Role.ENTERPRISE], is_active=True
    ).first()
    if held is not None:
        return held
    made: User = User.objects.create(
        username=f"firm-{outlet.enterprise_id}", name="环保专员",
        organisation=organisation, roles=[Role.ENTERPRISE],
    )  # fmt: skip
    made.set_unusable_password()
    made.save(update_fields=["password"])
    return made


def _thread(outlet: Outlet, number: int, officer: User, now: datetime) -> None:
    row = (
        Exceedance.objects.filter(point__outlet__enterprise=outlet.enterprise)
        .select_related("point__pollutant", "point__outlet")
        .order_by("-time")
        .first()
    )
    firm = _spokesman(outlet)
    about = acts.About(row.point.outlet if row else outlet, exceedance=row)
    asked = now - timedelta(days=2, hours=3)
    made = acts.ask(about=about, text=QUESTION, deadline=None, actor=officer, now=asked)
    acts.give(
        about=acts.About(outlet), text=VOLUNTARY, files=[], actor=firm,
        now=now - timedelta(hours=20),
    )  # fmt: skip
    _mark(outlet, firm, now)
    if number % 4 == 0:
        return
    acts.answer(
        explanation=made, text=ANSWER, files=[_paper(outlet)], actor=firm,
        now=now - timedelta(days=1),
    )  # fmt: skip
    verdict = {2: "accept", 3: "return"}.get(number % 4)
    if verdict:
        text = (
            "情况属实，已核对运行记录。"
            if verdict == "accept"
            else "请补充喷枪更换前后的照片。"
        )
        acts.decide(
            explanation=made, verdict=verdict, text=text, actor=officer,
            now=now - timedelta(hours=6),
        )  # fmt: skip


def _mark(outlet: Outlet, firm: User, now: datetime) -> None:
    kind = MarkKind.objects.filter(code="maintenance").first()
    if kind is None:
        return
    begin = clock.beijing(now).replace(minute=0, second=0, microsecond=0)
    draft = marks.Draft(
        outlet, kind, begin - timedelta(hours=30), begin - timedelta(hours=29),
        "更换采样滤芯",
    )  # fmt: skip
    try:
        mark = marks.make_mark(draft=draft, actor=firm, now=now - timedelta(hours=29))
    except marks.RefusedError:
        return  # the demo has such a mark there already
    acts.prove_mark(
        mark=mark, files=[_paper(outlet)], actor=firm, now=now - timedelta(hours=28)
    )


def _paper(outlet: Outlet) -> acts.Upload:
    """Draw a sheet that stands for a scanned record."""
    sheet = Image.new("RGB", (620, 400), "white")
    pen = ImageDraw.Draw(sheet)
    pen.rectangle((20, 20, 600, 380), outline="black", width=2)
    for line in range(80, 380, 40):
        pen.line((20, line, 600, line), fill="gray")
    pen.text((40, 40), f"DEMO RECORD {outlet.code}", fill="black")
    out = io.BytesIO()
    sheet.save(out, "PNG")
    return acts.Upload(f"检修单_{outlet.code}.png", out.getvalue())
