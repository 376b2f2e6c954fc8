"""What is checked online before anybody drives out, by kind of clue."""

from dataclasses import dataclass

from enforcement.domain.kinds import CaseKind


@dataclass(frozen=True, slots=True)
class Item:
    """A question; ``otherwise`` says how to answer it without the platform."""

    code: str
    text: str
    otherwise: str = "请电话核实或调阅资料"


_OUTLET = (
    Item("values", "超标时段、倍数与限值（折算、有效性）"),
    Item("flags", "仪器数据标记（N/F/M/S/D/C/T/B）与有效数据率"),
    Item("marks", "企业工况标记、停产检修、启停炉申报"),
    Item("maintenance", "校准、运维、故障记录"),
    Item("facility", "治理设施运行与用电"),
    Item("video", "站房、排口视频与门禁"),
    Item("ledger", "电子台账（药剂、燃料、产量）"),
    Item("history", "历史预警与处理"),
    Item("explanation", "企业自查说明", "请电话联系企业核实"),
)
_SMOKE = (
    Item("images", "图像与视频是否清晰、完整，号牌是否正确"),
    Item("device", "设备检定、法制和技术审核、公示是否齐全"),
    Item("vehicle", "车辆登记信息（车型、燃料、排放阶段）"),
    Item("inspections", "最近一次排放检验及检验机构"),
    Item("others", "其他站点抓拍、遥感、路检记录"),
    Item("history", "历史处理记录"),
)
_STATION = (
    Item("findings", "疑点报告与命中规则"),
    Item("curves", "过程曲线与同类车辆比对"),
    Item("obd", "CALID/CVN、VIN 与车辆一致性"),
    Item("video", "检验视频、照片与时刻对应"),
    Item("equipment", "设备检定、日常检查、标定记录"),
    Item("people", "检验员、授权签字人"),
    Item("history", "机构历史处理记录"),
    Item("explanation", "机构自查说明", "请电话联系机构核实"),
)
_OTHER = (
    Item("content", "反映内容是否具体、可核"),
    Item("records", "平台相关数据与记录"),
    Item("history", "历史处理记录"),
    Item("explanation", "当事人说明", "请电话核实"),
)
_BY_KIND = {
    CaseKind.WASTEWATER: _OUTLET,
    CaseKind.EXHAUST: _OUTLET,
    CaseKind.MONITORING: _OUTLET,
    CaseKind.SMOKE: _SMOKE,
    CaseKind.ROAD_CHECK: _SMOKE,
    CaseKind.STATION: _STATION,
}


def items_for(kind: CaseKind) -> tuple[Item, ...]:
    """Return the check-list of a kind of clue."""
    return _BY_KIND.get(kind, _OTHER)
