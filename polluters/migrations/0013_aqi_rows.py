from django.db import migrations

from polluters.domain.aqi import TABLE


def fill(apps, schema_editor):
    corner = apps.get_model("polluters", "AqiBreakpoint")
    for row in TABLE:
        source = row.source if row.source != "memory" else "凭记忆录入，待与原文核对"
        corner.objects.get_or_create(
            valid_from=row.valid_from, item=row.pollutant, iaqi=row.iaqi,
            defaults={
                "version": row.version, "concentration": row.concentration,
                "source": source,
            },
        )  # fmt: skip


class Migration(migrations.Migration):
    dependencies = [("polluters", "0012_portal")]
    operations = [migrations.RunPython(fill, migrations.RunPython.noop)]
