from django.db import migrations

from enforcement.reference import load_reference


def load(apps, schema_editor):
    load_reference(lambda name: apps.get_model("enforcement", name))


class Migration(migrations.Migration):
    dependencies = [("enforcement", "0002_sql_append_only")]
    operations = [migrations.RunPython(load, migrations.RunPython.noop)]
