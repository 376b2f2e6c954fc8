"""What the migrations put into the tables survives the tests that really commit.

Such tests end by truncating every table. Append-only triggers would refuse that, and rows
that migrations inserted would be gone for the tests that follow. So a copy of these rows
is kept in a schema of its own, and put back each time, with triggers asleep.
"""

from collections.abc import Sequence

from django.db import connection, transaction

KEEP = "kept_by_tests"
ASLEEP = "SET LOCAL session_replication_role = replica"


def _tables() -> list[str]:
    with connection.cursor() as cursor:
        names = connection.introspection.table_names(cursor)
    return [name for name in names if name != "django_migrations"]


def keep() -> None:
    """Copy the rows that exist right after the migrations."""
    quote = connection.ops.quote_name
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(f"DROP SCHEMA IF EXISTS {KEEP} CASCADE")
        cursor.execute(f"CREATE SCHEMA {KEEP}")
        for table in map(quote, _tables()):
            cursor.execute(f"SELECT EXISTS (SELECT FROM {table})")
            if cursor.fetchone()[0]:
                cursor.execute(f"CREATE TABLE {KEEP}.{table} AS TABLE public.{table}")
        cursor.execute("SELECT tablename FROM pg_tables WHERE schemaname = %s", [KEEP])
        kept = [quote(row[0]) for row in cursor.fetchall()]

    def flush(_operations: object, statements: Sequence[str]) -> None:
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(ASLEEP)
            for statement in statements:
                cursor.execute(statement)
            for table in kept:
                cursor.execute(
                    f"INSERT INTO public.{table} SELECT * FROM {KEEP}.{table}"
                )

    # On the class: a test with an event loop of its own gets a connection of its own.
    type(connection.ops).execute_sql_flush = flush  # type: ignore[assignment]
