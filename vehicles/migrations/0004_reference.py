"""Seed limits, dialects, rules of findings and of the watch list with their sources."""

from dataclasses import asdict
from datetime import datetime, timezone

from django.db import migrations

from vehicles.domain.fraud.registry import RULES
from vehicles.domain.inspection.dialects import SEED as WORDS
from vehicles.domain.inspection.limits import SEED as LIMITS

WATCH = (
    ("captured", 0, 6, True, "平台设置：须由州局确认"),
    ("not_retested", 15, 3, True, "XZ/博州“检验—维修—复检”闭环；天数为平台设置"),
    ("overdue", 30, 0, True, "平台设置：检验有效期届满后的天数"),
    ("road_check", 0, 6, True, "平台设置"),
    ("obd_tamper", 0, 6, True, "生态环境法典第 226 条"),
    ("repeated", 180, 6, True, "滁州通告（2019）：6 个月内 2 次以上"),
    ("finding", 0, 6, False, "平台设置"),
    ("remote_obd", 0, 3, False, "HJ 1239；条件为平台设置"),
    ("manual", 0, 6, False, "平台设置"),
)


def seed(apps, schema_editor):
    limit = apps.get_model("vehicles", "LimitRow")
    limit.objects.bulk_create(limit(**{**asdict(row), "method": str(row.method)}) for row in LIMITS)
    dialect, word = apps.get_model("vehicles", "Dialect"), apps.get_model("vehicles", "DialectWord")
    for vendor in dict.fromkeys(row[0] for row in WORDS):
        made = dialect.objects.create(vendor=vendor)
        word.objects.bulk_create(
            word(dialect=made, kind=kind, theirs=theirs, ours=ours)
            for name, kind, theirs, ours in WORDS
            if name == vendor
        )
    rule = apps.get_model("vehicles", "FraudRule")
    at = datetime(2026, 1, 1, tzinfo=timezone.utc)
    rule.objects.bulk_create(
        rule(code=code, version=1, values={}, source=info.params.source[:200], at=at)
        for code, info in RULES.items()
    )
    watch = apps.get_model("vehicles", "WatchRule")
    watch.objects.bulk_create(
        watch(trigger=t, days=d, clean_months=m, needs_retest=r, source=s)
        for t, d, m, r, s in WATCH
    )
    apps.get_model("vehicles", "InspectionSettings").objects.create(pk=1)


class Migration(migrations.Migration):
    dependencies = [("vehicles", "0003_stations")]
    operations = [migrations.RunPython(seed, migrations.RunPython.noop)]
