from django.db import migrations

from enforcement.reference import load_reference


def fill(apps, schema_editor):
    load_reference(lambda name: apps.get_model("enforcement", name))
    ending = apps.get_model("enforcement", "Ending")
    cases = apps.get_model("enforcement", "Case").objects.exclude(ended_at=None)
    ending.objects.bulk_create(
        ending(
            case_id=case.pk,
            ended_at=case.ended_at,
            outcome=case.outcome or "no_violation",
            filed=case.filed_on is not None,
            district_id=case.district_id,
        )
        for case in cases.only("ended_at", "outcome", "filed_on", "district_id")
    )


class Migration(migrations.Migration):
    dependencies = [("enforcement", "0007_exchange_and_figures")]
    operations = [migrations.RunPython(fill, migrations.RunPython.noop)]
