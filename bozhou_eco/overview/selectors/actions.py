"""What can be done from Ctrl-K: each action with who may do it and where it begins."""

from dataclasses import dataclass

from django.urls import reverse

from bozhou_eco.accounts.models import FACT_ROLES, Role, User

BUREAU = tuple(FACT_ROLES)


@dataclass(frozen=True, slots=True)
class Action:
    """An action: what it is called, its page, its icon, the roles that may do it."""

    label: str
    view: str
    icon: str
    roles: tuple[str, ...] = BUREAU
    query: str = ""

    @property
    def url(self) -> str:
        """Where it begins."""
        return reverse(self.view) + self.query


ACTIONS = (
    Action("登记线索", "enforcement:new", "plus", (Role.OFFICER,)),
    Action("待确认预警", "alerts:list", "bell", query="?tab=waiting"),
    Action("预警订阅设置", "alerts:subscriptions", "bell"),
    Action("值班表", "alerts:duty", "users"),
    Action("预警规则", "alerts:rules", "adjustments"),
    Action("设备链路状态", "overview:links", "share"),
    Action("新建数据标记", "polluters:mark_new", "tag", (Role.OFFICER,)),
    Action("排放统计", "polluters:statistics", "trending-up"),
    Action("开始路检", "vehicles:campaign_new", "road", (Role.OFFICER,)),
    Action("登记重点车辆", "vehicles:watch_add", "truck", (Role.OFFICER,)),
    Action("导入机动车登记", "vehicles:import", "upload", (Role.OFFICER,)),
    Action("抓拍检索", "vehicles:captures", "camera"),
    Action("检验机构排名", "vehicles:ranking", "list"),
    Action("下载现场核查任务包", "overview:visits", "device-mobile", (Role.OFFICER,)),
    Action("导出数据年报", "overview:figures", "report"),
    Action("大屏", "overview:home", "maximize", query="?wall=1"),
    Action("数据字典", "overview:dictionary", "help"),
    Action("修改密码", "account_change_password", "key"),
)


def actions_of(user: User) -> list[Action]:
    """Return the actions that ``user`` may do."""
    return [action for action in ACTIONS if user.has_role(*action.roles)]
