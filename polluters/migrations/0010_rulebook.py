from django.db import migrations

from polluters.domain.rulebook import KINDS, NUMBERS, SCOPE


def fill(apps, schema_editor):
    kind = apps.get_model("polluters", "MarkKind")
    number = apps.get_model("polluters", "RuleValue")
    scope = apps.get_model("polluters", "MarkScope")
    for position, one in enumerate(KINDS):
        kind.objects.get_or_create(
            code=one.code,
            defaults={
                "name": one.name, "group": one.group, "flag": one.flag,
                "exempts": one.exempts, "stops": one.stops,
                "yearly_hours": one.yearly_hours, "each_hours": one.each_hours,
                "source": one.source, "position": position,
            },
        )
    for one in NUMBERS.values():
        number.objects.get_or_create(
            code=one.code,
            defaults={
                "name": one.name, "value": one.value, "unit": one.unit,
                "source": one.source,
            },
        )
    for industry, since, source in SCOPE:
        scope.objects.get_or_create(
            industry=industry, defaults={"valid_from": since, "source": source}
        )


class Migration(migrations.Migration):
    dependencies = [("polluters", "0009_validity")]
    operations = [migrations.RunPython(fill, migrations.RunPython.noop)]
