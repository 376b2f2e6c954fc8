"""How far the set-up of a new bureau has come; counts configuration, reads no fact."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from allauth.mfa.models import Authenticator

from bozhou_eco.accounts.models import District, Organisation, Role, User
from polluters.models import Enterprise, Limit, Logger, Outlet, Point
from vehicles.models import Camera, Site, Station

FRESH = timedelta(minutes=10)


@dataclass(frozen=True, slots=True)
class Step:
    """One step: what to do, where, and what is there already."""

    title: str
    text: str
    path: str
    found: str
    done: bool


def steps(*, now: datetime) -> list[Step]:
    """Return the steps to the first live frame, camera, station and officer."""
    return [*_intake(now), *_vehicles(), *_people()]


def _count(title: str, text: str, path: str, rows: int) -> Step:
    return Step(title, text, path, f"已登记 {rows}", rows > 0)


def _intake(now: datetime) -> list[Step]:
    firms = Organisation.objects.filter(kind=Organisation.Kind.ENTERPRISE).count()
    live = Logger.objects.filter(active=True, last_seen__gte=now - FRESH).count()
    last = Logger.objects.exclude(last_seen=None).order_by("-last_seen").first()
    told = "还没有收到报文"
    if last is not None:
        told = f"10 分钟内 {live} 台数采仪有报文"
    return [
        _count(
            "行政区与部门", "先有县市，再有局机关与分局", "accounts/district/",
            District.objects.count(),
        ),
        _count(
            "企业机构", "类别选“企业”，并选县市", "accounts/organisation/", firms
        ),
        _count(
            "企业", "信用代码、污染源编码、许可证、坐标与坐标系",
            "polluters/enterprise/", Enterprise.objects.count(),
        ),
        _count(
            "排口", "DA/DW 编号、介质、截面积、基准氧、判定方式",
            "polluters/outlet/", Outlet.objects.count(),
        ),
        _count(
            "数采仪", "24 位 MN、密码、版本、接入方式", "polluters/logger/",
            Logger.objects.count(),
        ),
        _count(
            "点位", "污染物、单位、量程", "polluters/point/", Point.objects.count()
        ),
        _count(
            "限值", "类别、数值、平均时段、标准、来源与有效期", "polluters/limit/",
            Limit.objects.count(),
        ),
        Step(
            "第一帧报文",
            "发往 hj212/v1/{MN}/up 或网关端口；没有出现时查“隔离报文”",
            "/polluters/quarantine/",
            told,
            live > 0,
        ),
    ]  # fmt: skip


def _vehicles() -> list[Step]:
    return [
        _count(
            "抓拍点位", "法制审核、技术审核、检定证书与公告齐全才可作为证据",
            "vehicles/site/", Site.objects.count(),
        ),
        _count(
            "摄像机", "地址、来源与方位", "vehicles/camera/", Camera.objects.count()
        ),
        _count(
            "检验机构", "检测线、仪器、人员与接口密钥", "vehicles/station/",
            Station.objects.count(),
        ),
    ]  # fmt: skip


def _people() -> list[Step]:
    officers = User.objects.filter(is_active=True, roles__contains=[Role.OFFICER])
    protected = Authenticator.objects.filter(user__in=officers).values("user")
    count, safe = officers.count(), protected.distinct().count()
    return [
        Step(
            "执法人员",
            "所属机构决定可见范围，填写执法证号；首次登录设置两步验证",
            "accounts/user/",
            f"{count} 人，其中 {safe} 人已设两步验证",
            count >= 2,
        )
    ]
