"""Which pages are pictured, as whom, and at which row."""

from dataclasses import dataclass, field


@dataclass(frozen=True)
class Screen:
    """A page: the name of its picture, its view, who looks, and the row it shows.

    ``row`` is a model; of the rows that the person sees and that match ``where``, the
    first by ``order`` is shown. ``query`` may use ``{key}``, the key of that row, or
    without a row ``{an_hour_ago}``. ``own`` is the path to the person in a model whose
    rows are each person's own.
    """

    name: str
    view: str
    user: str = "officer"
    row: str = ""
    where: dict[str, object] = field(default_factory=dict)
    order: str = "-pk"
    query: str = ""
    own: str = ""
    dark: bool = False


OPEN_CASE = {"ended_at__isnull": True}
SCREENS = (
    Screen("sign-in", "account_login", user=""),
    # 总览与预警
    Screen("overview", "overview:home", dark=True),
    Screen("overview-wall", "overview:home", query="?wall=1"),
    Screen("overview-replay", "overview:home", query="?at={an_hour_ago}"),
    Screen("alerts", "alerts:list", dark=True),
    Screen("alert", "alerts:detail", row="alerts.Alert", order="-last_at"),
    Screen("duty", "alerts:duty"),
    Screen("rules", "alerts:rules", user="leader"),
    Screen("webhooks", "alerts:webhooks"),
    Screen("subscriptions", "alerts:subscriptions"),
    # 案件
    Screen("cases", "enforcement:cases", dark=True),
    Screen("case", "enforcement:case", row="enforcement.Case", where=OPEN_CASE),
    Screen("catalogue", "enforcement:catalogue", row="enforcement.Case"),
    Screen("case-figures", "enforcement:figures", user="leader"),
    Screen("parcels", "enforcement:parcels"),
    Screen("parts", "enforcement:parts", user="police"),
    # 污染源
    Screen("polluters", "polluters:enterprises"),
    Screen("portal", "polluters:portal", user="firm"),
    Screen("explanations", "polluters:explanations"),
    Screen("outlet", "polluters:outlet", row="polluters.Outlet", order="pk", dark=True),
    Screen("outlet-data", "polluters:outlet_data", row="polluters.Outlet", order="pk"),
    Screen(
        "enterprise", "polluters:enterprise", row="polluters.Enterprise", order="pk"
    ),
    Screen("live-wall", "polluters:wall"),
    Screen("curves", "polluters:curves"),
    Screen("exceedances", "polluters:exceedances"),
    Screen("exceedance", "polluters:exceedance", row="polluters.Exceedance"),
    Screen("findings", "polluters:findings"),
    Screen("finding", "polluters:finding", row="polluters.Finding"),
    Screen("marks", "polluters:marks"),
    Screen("rates", "polluters:rates"),
    Screen("ledger", "polluters:ledger"),
    Screen("masses", "polluters:masses"),
    Screen("national", "polluters:national"),
    Screen("quarantine", "polluters:quarantine"),
    Screen("video", "polluters:video"),
    Screen("air", "polluters:air"),
    Screen("polluter-statistics", "polluters:statistics"),
    # 机动车
    Screen("review", "vehicles:review", user="reviewer"),
    Screen("captures", "vehicles:captures"),
    Screen("capture", "vehicles:capture", row="vehicles.Capture"),
    Screen("cameras", "vehicles:cameras"),
    Screen("models", "vehicles:vision_models"),
    Screen("stations", "vehicles:stations"),
    Screen("station", "vehicles:station", row="vehicles.Station", order="pk"),
    Screen("ranking", "vehicles:ranking"),
    Screen(
        "inspection",
        "vehicles:inspection",
        row="vehicles.Inspection",
        where={"state": "done", "method": "vmas"},
    ),
    Screen("station-findings", "vehicles:findings"),
    Screen("vehicles", "vehicles:files"),
    Screen("vehicle", "vehicles:file", row="vehicles.Vehicle", order="pk"),
    Screen("watchlist", "vehicles:watchlist"),
    Screen("repair-loops", "vehicles:loops"),
    Screen("fleet", "vehicles:fleet"),
    Screen("roadchecks", "vehicles:roadchecks"),
    Screen("campaign", "vehicles:campaign", row="vehicles.RoadCampaign"),
    Screen("exchange", "vehicles:exchange"),
    # 分析、现场与系统
    Screen("figures", "overview:figures", user="leader"),
    Screen("weekly", "overview:weekly"),
    Screen("visits", "overview:visits"),
    Screen(
        "visit",
        "overview:visit",
        user="jinghe",
        row="enforcement.SiteVisit",
        where={"state": "approved"},
        own="officers",
    ),
    Screen("help", "overview:help"),
    Screen("dictionary", "overview:dictionary"),
    Screen("setup", "overview:setup", user="admin"),
    Screen("admin", "admin:index", user="admin"),
    Screen("audit", "overview:audit", user="auditor"),
)
