"""``manage.py rotate_field_keys``: write every encrypted value anew with the first key."""

from collections.abc import Iterator
from typing import Any

from django.apps import apps
from django.conf import settings
from django.core.management.base import BaseCommand
from django.db import connection, models, transaction

from bozhou_eco.audit import services as audit
from bozhou_eco.audit.models import AuditEntry
from bozhou_eco.common import sealed_text
from bozhou_eco.common.fields import SealedTextField

BATCH = 1000


def sealed_fields() -> Iterator[tuple[type[models.Model], SealedTextField]]:
    """Yield every encrypted column of the site."""
    for model in apps.get_models():
        for field in model._meta.local_concrete_fields:
            if isinstance(field, SealedTextField):
                yield model, field


class Command(BaseCommand):
    """Rewrites in batches beside running processes; safe to run again."""

    help = "用 FIELD_KEYS 的第一把密钥重新加密全部个人信息字段。"

    def handle(self, *args: Any, **options: Any) -> None:
        """Rewrite column by column and note the counts."""
        current = next(iter(settings.FIELD_KEYS))
        for model, field in sealed_fields():
            count = sum(iter(lambda: self.batch(model, field, current), 0))  # noqa: B023
            self.stdout.write(f"{field.place}: {count} rewritten")
            audit.record(
                actor=None,
                act="keys.rotate",
                subject=field.place,
                detail={"key": current, "values": count},
                kind=AuditEntry.Kind.CONFIG,
            )

    def batch(
        self, model: type[models.Model], field: SealedTextField, current: str
    ) -> int:
        """Rewrite up to `BATCH` values that another key, or none, was used for."""
        quote = connection.ops.quote_name
        table, column = quote(model._meta.db_table), quote(str(field.column))
        key = quote(str(model._meta.pk.column))  # type: ignore[union-attr]
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(
                f"SELECT {key}, {column} FROM {table} WHERE {column} <> '' "  # noqa: S608
                f"AND {column} NOT LIKE %s LIMIT %s FOR UPDATE SKIP LOCKED",
                [f"{sealed_text.PREFIX}{current}$%", BATCH],
            )
            rows = cursor.fetchall()
            for pk, stored in rows:
                text = sealed_text.unseal(stored, settings.FIELD_KEYS, field.place)
                cursor.execute(
                    f"UPDATE {table} SET {column} = %s WHERE {key} = %s",  # noqa: S608
                    [sealed_text.seal(text, settings.FIELD_KEYS, field.place), pk],
                )
        return len(rows)
