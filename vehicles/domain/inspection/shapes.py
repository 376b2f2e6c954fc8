"""The vehicle test as the REST interface publishes it.

``VehicleTest`` is the complete document: what the station sent part by part, and what
the platform added (report number, outcome). Its field names are those of the JSON.
"""

from dataclasses import dataclass, field
from datetime import date, datetime

from vehicles.domain.codes import (
    DAILY_CHECKS,
    FUELS,
    INSTRUMENTS,
    USES,
    Category,
    Method,
    Outcome,
)
from vehicles.domain.inspection.fields import (
    Spec,
    choice,
    day,
    flag,
    integer,
    moment,
    number,
    required,
    several,
    shape,
    text,
)
from vehicles.domain.inspection.process import Curve
from vehicles.domain.inspection.results import Results
from vehicles.domain.plates import Color

OUTCOMES = tuple(Outcome)


@dataclass(frozen=True, slots=True)
class Vehicle:
    """The vehicle as the station entered it."""

    plate: str = required(text("号牌号码", 20))
    plate_color: str = required(choice("号牌颜色", tuple(Color)))
    plate_type: str = text("号牌种类", 2)
    vin: str = required(text("车辆识别代号 VIN", 20))
    engine_number: str = text("发动机号", 40)
    brand: str = text("品牌", 40)
    model: str = text("车辆型号", 60)
    engine_model: str = text("发动机型号", 60)
    vehicle_type: str = text("车辆类型（GA/T 16.4）", 6)
    fuel: str = required(choice("燃料种类", tuple(FUELS)))
    emission_stage: int | None = required(integer("排放阶段", "", 0, 6))
    registered_on: date | None = day("初次登记日期")
    use: str = choice("使用性质", tuple(USES))
    gross_mass_kg: float | None = number("总质量", "kg", 300, 100000)
    reference_mass_kg: float | None = number("基准质量", "kg", 300, 50000)
    seats: int | None = integer("核定载客", "", 0, 100)
    displacement_l: float | None = number("排量", "L", 0, 30)
    cylinders: int | None = integer("缸数", "", 0, 24)
    rated_power_kw: float | None = number("额定功率", "kW", 5, 1000)
    rated_rpm: float | None = number("额定转速", "r/min", 500, 12000)
    transmission: str = choice("变速器型式", ("manual", "automatic"))
    drive: str = choice("驱动方式", ("front", "rear", "four", "full_time_four"))
    esp_cannot_be_off: bool | None = flag("ESP/ASR 不能关闭")
    multi_axle_drive: bool | None = flag("紧密型多驱动轴")
    exhaust_pipes: int | None = integer("排气管数", "", 0, 8)
    has_obd: bool | None = flag("配备 OBD")
    aftertreatment: tuple[str, ...] = several("后处理装置", str)
    odometer_km: float | None = number(
        "累计行驶里程", "km", 0, 3000000, not_detected=False
    )


@dataclass(frozen=True, slots=True)
class Registration:
    """What the vehicle's own file says; added by the platform, never by the station."""

    vin: str = text("VIN", 20)
    fuel: str = text("燃料种类", 2)
    emission_stage: int | None = integer("排放阶段", "", 0, 6)
    rated_power_kw: float | None = number("额定功率", "kW", 5, 1000)
    gross_mass_kg: float | None = number("总质量", "kg", 300, 100000)
    registered_on: date | None = day("初次登记日期")


@dataclass(frozen=True, slots=True)
class Environment:
    """Weather station values at the test."""

    temperature_c: float | None = number("环境温度", "℃", -50, 60)
    humidity_pct: float | None = number("相对湿度", "%", 0, 100)
    pressure_kpa: float | None = number("大气压", "kPa", 50, 110)


@dataclass(frozen=True, slots=True)
class Appearance:
    """Appearance inspection (外观检验); True means in order unless the name says else."""

    mechanical_ok: bool | None = flag("机械状况良好")
    control_devices_complete: bool | None = flag("污染控制装置齐全")
    oil_burning_or_smoke: bool | None = flag("烧机油或严重冒黑烟")
    crankcase_vent_ok: bool | None = flag("曲轴箱通风系统正常")
    evaporation_ok: bool | None = flag("燃油蒸发控制系统正常")
    instruments_ok: bool | None = flag("车上仪表工作正常")
    faults_affecting_test: bool | None = flag("有影响安全或检测的机械故障")
    exhaust_leak: bool | None = flag("进排气系统有泄漏")
    liquid_leak: bool | None = flag("发动机有液体渗漏")
    obd_present: bool | None = flag("带 OBD 系统")
    tyres_ok: bool | None = flag("轮胎气压正常、干燥清洁")
    accessories_off: bool | None = flag("附属设备已关闭")
    esp_off: bool | None = flag("ESP/ASR 已关闭")
    fuel_ok: bool | None = flag("油箱和油品正常")
    fit_for_dynamometer: bool | None = flag("适合工况法检测")
    visible_smoke: bool | None = flag("明显可见黑烟或蓝烟")
    inspector: str = text("外观检验员", 20)
    outcome: str = choice("结论", OUTCOMES)
    at: datetime | None = moment("检验时间")


@dataclass(frozen=True, slots=True)
class Ecu:
    """A control unit as the diagnosis reader saw it."""

    unit: str = choice("控制单元", ("engine", "aftertreatment", "other"))
    calid: str = text("CALID", 40)
    cvn: str = text("CVN", 40)


@dataclass(frozen=True, slots=True)
class Monitor:
    """A readiness or in-use performance monitor (IUPR)."""

    name: str = text("监测项", 40)
    ready: bool | None = flag("就绪")
    monitored: float | None = number("监测完成次数", "", 0, 1e7)
    eligible: float | None = number("符合监测条件次数", "", 0, 1e7)


@dataclass(frozen=True, slots=True)
class Obd:
    """OBD inspection."""

    has_obd: bool | None = flag("有 OBD 接口")
    standard: str = text("OBD 型式要求", 20)
    communication: bool | None = flag("通讯成功")
    no_communication_reason: str = choice(
        "不能通讯的原因", ("socket_damaged", "socket_not_found", "no_answer")
    )
    vin: str = text("OBD 读出的 VIN", 20)
    mil_on: bool | None = flag("故障指示器点亮")
    mil_mileage_km: float | None = number("点亮后行驶里程", "km", 0, 1000000)
    mil_state_agrees: bool | None = flag("指示器状态与 ECU 一致")
    fault_codes: tuple[str, ...] = several("故障代码", str)
    not_ready_count: int | None = integer("未就绪项数", "", 0, 20)
    ecus: tuple[Ecu, ...] = several("控制单元", Ecu)
    monitors: tuple[Monitor, ...] = several("就绪状态与 IUPR", Monitor)
    odometer_km: float | None = number("OBD 读出的里程", "km", 0, 3000000)
    inspector: str = text("OBD 检验员", 20)
    outcome: str = choice("结论", OUTCOMES)
    at: datetime | None = moment("检验时间")


@dataclass(frozen=True, slots=True)
class Instrument:
    """An instrument as it stood at the test."""

    kind: str = required(choice("仪器类别", tuple(INSTRUMENTS)))
    serial: str = required(text("出厂编号", 40))
    verified_until: date | None = day("检定有效期至")
    checked_at: datetime | None = moment("最近一次日常检查时间")
    check_kind: str = choice("日常检查项目", tuple(DAILY_CHECKS))
    check_passed: bool | None = flag("日常检查合格")


@dataclass(frozen=True, slots=True)
class Staff:
    """Who did the test (staff numbers of the station)."""

    driver: str = text("引车员", 20)
    inspector: str = text("检验员", 20)
    signatory: str = text("授权签字人", 20)


@dataclass(frozen=True, slots=True)
class Verdict:
    """Outcome of each part and of the whole."""

    appearance: str = choice("外观", OUTCOMES)
    obd: str = choice("OBD", OUTCOMES)
    tailpipe: str = choice("尾气", OUTCOMES)
    overall: str = choice("总结论", OUTCOMES)
    reasons: tuple[str, ...] = several("不合格原因", str)


@dataclass(frozen=True, slots=True)
class VehicleTest:
    """A complete vehicle test."""

    report: str = text("检验报告编号", 24, help="24 位，由平台签发；补传时可留空")
    session: str = required(text("检验流水号（机构内唯一）", 40))
    station: str = required(text("检验机构编号（6 位区划 + 3 位序号）", 9))
    line: str = required(text("检测线编号", 4))
    category: str = choice("检验类别", tuple(Category))
    method: str = required(
        choice("检测方法", (*Method, "none"), help="none：无尾气检测项目（如纯电动）")
    )
    attempt: int | None = integer("检验次数（本周期）", "", 1, 50)
    started_at: datetime | None = required(moment("上线检测开始时间"))
    ended_at: datetime | None = required(moment("上线检测结束时间"))
    staff: Staff = shape("人员", Staff)
    vehicle: Vehicle = required(shape("车辆", Vehicle))
    registration: Registration = shape("登记信息（平台补充）", Registration)
    environment: Environment = shape("环境", Environment)
    instruments: tuple[Instrument, ...] = several("仪器", Instrument)
    appearance: Appearance = shape("外观检验", Appearance)
    obd: Obd = shape("OBD 检查", Obd)
    results: Results = shape("检测结果", Results)
    verdict: Verdict = shape("结论", Verdict)
    software_version: str = text("检测软件版本", 40)
    sent_at: datetime | None = moment("上传时间（机构时钟）")
    process: Curve = field(
        default_factory=Curve, metadata={"spec": Spec("process", "过程数据")}
    )
