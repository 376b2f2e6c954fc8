"""Channels as they ship (only the page and the test phone are on) and the ladders."""

from django.db import migrations

CHANNELS = (
    ("browser", "浏览器", "browser", "person", "private", True, 10),
    ("wecom", "企业微信应用", "apprise", "person", "internet", False, 20),
    ("dingtalk", "钉钉", "apprise", "person", "internet", False, 25),
    ("sms", "短信", "sms_aliyun", "person", "internet", False, 30),
    ("wecom-group", "企业微信群机器人", "apprise", "group", "internet", False, 40),
    ("webpush", "Web Push", "webpush", "person", "internet", False, 60),
    ("phone", "测试手机", "phone", "person", "private", True, 90),
)
# severity: repeat every minutes, repeats, steps of (after minutes, targets, channels)
LADDERS = {
    "critical": (
        30,
        8,
        (
            (0, ["subscribers", "duty"], []),
            (10, ["duty", "backup"], ["sms", "wecom"]),
            (10, ["leader"], ["sms", "wecom"]),
        ),
    ),
    "major": (
        60,
        2,
        ((0, ["subscribers", "duty"], []), (30, ["duty", "backup"], [])),
    ),
    "minor": (60, 0, ((0, ["subscribers"], []),)),
    "info": (60, 0, ((0, ["subscribers"], []),)),
}


def add(apps, schema_editor):
    Channel = apps.get_model("alerts", "Channel")
    for code, name, kind, scope, zone, enabled, position in CHANNELS:
        Channel.objects.get_or_create(
            code=code,
            defaults={
                "name": name,
                "kind": kind,
                "scope": scope,
                "zone": zone,
                "enabled": enabled,
                "position": position,
            },
        )
    Ladder = apps.get_model("alerts", "EscalationLadder")
    Rung = apps.get_model("alerts", "EscalationRung")
    for severity, (every, repeats, rungs) in LADDERS.items():
        ladder, created = Ladder.objects.get_or_create(
            severity=severity, defaults={"repeat_minutes": every, "repeats": repeats}
        )
        for step, (after, targets, channels) in enumerate(rungs if created else ()):
            Rung.objects.create(
                ladder=ladder,
                step=step,
                after_minutes=after,
                targets=targets,
                channels=channels,
            )


class Migration(migrations.Migration):
    dependencies = [("alerts", "0004_sql_receipts_append_only")]
    operations = [migrations.RunPython(add, migrations.RunPython.noop)]
