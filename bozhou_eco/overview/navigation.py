"""Menu entries by role, for every page."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import cache
from typing import Any

from django.http import HttpRequest
from django.urls import NoReverseMatch, reverse
from django.utils.functional import SimpleLazyObject

from bozhou_eco.accounts.models import Role, User
from bozhou_eco.overview import counts

OFFICER, REVIEWER, LEGAL, LEADER = (
    Role.OFFICER,
    Role.REVIEWER,
    Role.LEGAL,
    Role.LEADER,
)
BUREAU = (OFFICER, REVIEWER, LEGAL, LEADER)
SITE = "演示数据 · 企业与车牌均为虚构"


@dataclass(frozen=True, slots=True)
class Entry:
    """A menu entry: where it leads, for whom, and which counter stands beside it.

    ``within`` are path prefixes that light the entry up besides its own address.
    """

    name: str
    label: str
    icon: str
    roles: tuple[Role, ...]
    short: str = ""
    count: str = ""
    within: tuple[str, ...] = ()


MENU: tuple[tuple[str, tuple[Entry, ...]], ...] = (
    (
        "",
        (
            Entry("overview:home", "总览一张图", "layout-dashboard", BUREAU, "总览"),
            Entry("polluters:portal", "企业门户", "home", (Role.ENTERPRISE,), "门户"),
            Entry(
                "alerts:list",
                "预警中心",
                "alert-triangle",
                (*BUREAU, Role.ENTERPRISE, Role.STATION),
                "预警",
                count="alerts",
            ),
            Entry(
                "enforcement:cases",
                "案件办理",
                "clipboard-check",
                (*BUREAU, Role.ENTERPRISE, Role.STATION),
                "案件",
                count="cases",
            ),
            Entry("enforcement:parts", "协办事项", "share", (Role.PARTNER,), "协办"),
        ),
    ),
    (
        "污染源",
        (
            Entry(
                "polluters:enterprises",
                "污染源清单",
                "building-factory-2",
                (*BUREAU, Role.ENTERPRISE),
                "污染源",
                count="enterprises",
                within=("/polluters/outlets/", "/polluters/enterprises/"),
            ),
            Entry("polluters:wall", "实时监控墙", "gauge", (*BUREAU, Role.ENTERPRISE)),
            Entry(
                "polluters:curves", "历史数据", "chart-line", (*BUREAU, Role.ENTERPRISE)
            ),
            Entry(
                "polluters:exceedances",
                "超标记录",
                "flag",
                (*BUREAU, Role.ENTERPRISE),
            ),
            Entry(
                "polluters:findings",
                "数据异常核查",
                "test-pipe",
                (OFFICER, REVIEWER, LEGAL, LEADER),
            ),
            Entry("polluters:video", "视频与门禁", "video", BUREAU),
            Entry("polluters:air", "环境空气", "wind", BUREAU),
            Entry("polluters:marks", "数据标记", "tag", (*BUREAU, Role.ENTERPRISE)),
            Entry(
                "polluters:explanations",
                "企业说明",
                "message",
                (*BUREAU, Role.ENTERPRISE),
                count="explanations",
            ),
            Entry("polluters:rates", "有效传输率", "gauge", (*BUREAU, Role.ENTERPRISE)),
            Entry("polluters:ledger", "运维监管", "tool", (*BUREAU, Role.ENTERPRISE)),
            Entry(
                "polluters:masses", "排放量与许可", "scale", (*BUREAU, Role.ENTERPRISE)
            ),
            Entry("polluters:national", "国家平台对账", "git-compare", BUREAU),
            Entry(
                "polluters:quarantine",
                "隔离报文",
                "inbox",
                (OFFICER, LEADER, Role.ADMIN),
                count="quarantine",
            ),
        ),
    ),
    (
        "机动车",
        (
            Entry(
                "vehicles:review",
                "黑烟抓拍复核",
                "camera",
                (OFFICER, REVIEWER, LEADER),
                "复核",
                count="captures",
                within=("/vehicles/captures/", "/vehicles/review/"),
            ),
            Entry(
                "vehicles:stations",
                "检验机构监管",
                "car",
                (*BUREAU, Role.STATION),
                "检验",
                within=("/vehicles/stations/", "/vehicles/inspections/"),
            ),
            Entry(
                "vehicles:files",
                "机动车档案",
                "car",
                BUREAU,
                "车辆",
                within=("/vehicles/loops/", "/vehicles/repairs/", "/vehicles/fleet/"),
            ),
            Entry("vehicles:watchlist", "重点车辆监管名单库", "truck", BUREAU),
            Entry("vehicles:cameras", "抓拍设备", "video", BUREAU),
            Entry("vehicles:roadchecks", "路检路查", "road", BUREAU, "路检"),
            Entry("vehicles:exchange", "数据交换与对账", "refresh", BUREAU),
        ),
    ),
    (
        "分析",
        (
            Entry("overview:figures", "统计报表", "chart-bar", BUREAU),
            Entry("polluters:statistics", "统计分析", "trending-up", BUREAU),
            Entry("enforcement:figures", "案件统计", "report-analytics", BUREAU),
            Entry("enforcement:parcels", "外部系统交换", "share", BUREAU),
            Entry("overview:weekly", "线索周报", "report", BUREAU),
            Entry(
                "overview:visits",
                "现场核查",
                "device-mobile",
                (OFFICER,),
                "核查",
                within=("/visits/",),
            ),
        ),
    ),
    (
        "系统",
        (
            Entry("admin:index", "后台配置", "settings", (Role.ADMIN,), "配置"),
            Entry("overview:setup", "接入向导", "list-check", (Role.ADMIN,), "向导"),
            Entry("overview:audit", "安全审计", "history", (Role.AUDITOR,), "审计"),
        ),
    ),
)
ACCOUNT: tuple[Entry, ...] = (
    Entry("mfa_index", "两步验证", "shield-check", ()),
    Entry("usersessions_list", "登录会话", "device-desktop", ()),
    Entry("account_change_password", "修改密码", "key", ()),
    Entry("alerts:subscriptions", "预警订阅", "bell", ()),
    Entry("overview:privacy", "个人信息与留存", "lock", ()),
    Entry("overview:help", "使用手册", "help", ()),
)
BOTTOM = (
    "overview:home",
    "polluters:portal",
    "alerts:list",
    "vehicles:review",
    "enforcement:cases",
    "enforcement:parts",
    "overview:visits",
    "polluters:enterprises",
    "vehicles:stations",
    "admin:index",
    "overview:setup",
    "overview:audit",
)


@cache
def address(name: str) -> str:
    """Return the address of a URL name, empty while the site has no such page."""
    try:
        return reverse(name)
    except NoReverseMatch:
        return ""


def first_address(user: User) -> str:
    """Return where a person without the overview lands: the first page of the menu.

    An administrator's first page is the guide, which says what is still to be set up.
    """
    if user.has_role(Role.ADMIN) and address("overview:setup"):
        return address("overview:setup")
    shown = (
        address(entry.name)
        for _, entries in MENU
        for entry in entries
        if user.has_role(*entry.roles)
    )
    return next(filter(None, shown), "")


def _entry(entry: Entry, path: str, count: Callable[[str], int]) -> dict[str, Any]:
    url = address(entry.name)
    own = path == url if url == "/" else path.startswith(url)
    number = count(entry.count) if entry.count else 0
    return {
        "name": entry.name,
        "url": url,
        "label": entry.label,
        "short": entry.short or entry.label,
        "icon": entry.icon,
        "count": number,
        "hot": entry.count in counts.HOT,
        "current": own or any(path.startswith(prefix) for prefix in entry.within),
    }


def _keep_nearest(entries: Iterable[dict[str, Any]]) -> None:
    """Of entries whose addresses begin alike only the longest is the current one."""
    current = [entry for entry in entries if entry["current"]]
    longest = max((len(entry["url"]) for entry in current), default=0)
    for entry in current:
        entry["current"] = len(entry["url"]) == longest


def _shell(request: HttpRequest) -> dict[str, Any]:
    user = request.user
    shell: dict[str, Any] = {
        "home": address("overview:home") or "/",
        "footer": SITE,
        "groups": [],
        "bottom": [],
        "counts": {},
    }
    if not isinstance(user, User):
        return shell
    numbers = counts.for_user(user)
    groups: list[dict[str, Any]] = []
    for title, entries in MENU:
        shown = [
            _entry(entry, request.path, lambda key: numbers.get(key, 0))
            for entry in entries
            if user.has_role(*entry.roles) and address(entry.name)
        ]
        if shown:
            groups.append({"title": title, "entries": shown})
    by_name = {entry["name"]: entry for group in groups for entry in group["entries"]}
    _keep_nearest(by_name.values())
    bureau = user.has_role(*BUREAU)
    shell.update(
        groups=groups,
        bottom=[by_name[name] for name in BOTTOM if name in by_name][:5],
        counts=numbers,
        account=[
            _entry(entry, "", lambda key: 0)
            for entry in ACCOUNT
            if address(entry.name)
            and (entry.name != "alerts:subscriptions" or user.reads_facts)
        ],
        alerts=address("alerts:list") if user.reads_facts else "",
        search=address("overview:search") if bureau else "",
        live="/ws/alerts/" if user.reads_facts else "",
        open_case=address("enforcement:open") if user.has_role(OFFICER) else "",
        organisation=user.organisation.name if user.organisation else "",
    )
    return shell


def navigation(request: HttpRequest) -> dict[str, object]:
    """Return ``nav``, worked out only by templates that show the shell."""
    return {"nav": SimpleLazyObject(lambda: _shell(request))}
