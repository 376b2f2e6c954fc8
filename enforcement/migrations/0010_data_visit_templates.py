"""Check-lists for site visits to begin with; the bureau replaces them in the admin."""

from django.db import migrations

SOURCE = "平台初始清单，待法制机构确认"


def rows(group, *lines):
    return [
        {"code": code, "group": group, "text": text, "hint": hint}
        for code, text, hint in lines
    ]


READING = {"kind": "reading", "factor": "main"}
PLANT = [
    *rows(
        "生产工况",
        ("production", "生产设施运行与申报一致", "对照生产台账、用电与 DCS 画面"),
        ("materials", "原辅料、燃料与许可一致", "查近 7 日入库与使用记录"),
    ),
    *rows(
        "治理设施",
        ("treatment", "治理设施正常运行", "对照 DCS 药剂流量与现场泵阀状态"),
        ("dosing", "加药记录与用量相符", "查近 7 日台账"),
        ("bypass", "旁路铅封完好", "核对铅封编号"),
    ),
    {
        "code": "reading",
        "group": "自动监控",
        "text": "现场示值与平台比对",
        "hint": "同一数据时间的分析仪示值",
        **READING,
    },
    *rows(
        "自动监控",
        ("sampling", "采样管路与伴热正常", "查看伴热温度与管路连接"),
        ("calibration", "校准校验按期且有记录", "核对标准气体编号与有效期"),
        ("parameters", "设备参数与备案一致", "量程、斜率、截距、过剩空气系数"),
    ),
]
SMOKE = rows(
    "车辆与排放",
    ("plate", "号牌、车型与登记一致", "核对行驶证"),
    ("aftertreatment", "后处理装置齐全有效", "查看颗粒捕集器、尿素箱"),
    ("obd", "OBD 指示与读数正常", "读取故障码与就绪状态"),
    ("smoke", "可见烟度符合要求", "加速时目测并拍摄"),
)
STATION = rows(
    "检验现场",
    ("people", "检验人员与登记一致", "核对人员与授权签字人"),
    ("vehicle", "车辆与检验报告一致", "核对 VIN 与号牌"),
    ("instruments", "仪器检定、校准在有效期内", "核对检定证书"),
    ("video", "视频完整可调阅", "抽查检验时段录像"),
    ("software", "软件版本与备案一致", "核对版本号与校验值"),
)


def insert(apps, schema_editor):
    model = apps.get_model("enforcement", "VisitTemplate")
    for position, (name, kind, items) in enumerate(
        (
            ("排污单位现场核查", "", PLANT),
            ("黑烟车辆核查", "smoke", SMOKE),
            ("检验机构核查", "station", STATION),
        ),
        1,
    ):
        model.objects.create(
            name=name, kind=kind, items=items, source=SOURCE, position=position
        )


class Migration(migrations.Migration):
    dependencies = [("enforcement", "0009_fieldwork")]
    operations = [migrations.RunPython(insert, migrations.RunPython.noop)]
