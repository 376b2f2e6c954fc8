"""Readings and raw frames as tables partitioned by month (PostgreSQL)."""

from django.db import migrations

READING = """
DROP TABLE polluters_reading;
CREATE TABLE polluters_reading (
    time timestamptz NOT NULL,
    received_at timestamptz NOT NULL,
    value double precision,
    converted double precision,
    low double precision,
    high double precision,
    total double precision,
    point_id bigint NOT NULL,
    period smallint NOT NULL,
    quality smallint NOT NULL,
    flag varchar(1) NOT NULL,
    PRIMARY KEY (point_id, period, time)
) PARTITION BY RANGE (time);
"""
RAW_FRAME = """
DROP TABLE polluters_rawframe;
CREATE TABLE polluters_rawframe (
    device_time timestamptz NOT NULL,
    received_at timestamptz NOT NULL,
    logger_id bigint NOT NULL,
    cn varchar(4) NOT NULL,
    digest bytea NOT NULL,
    body bytea NOT NULL,
    notes jsonb,
    PRIMARY KEY (logger_id, device_time, digest)
) PARTITION BY RANGE (device_time);
"""


class Migration(migrations.Migration):
    dependencies = [("polluters", "0001_initial")]
    operations = [
        migrations.RunSQL(READING, migrations.RunSQL.noop),
        migrations.RunSQL(RAW_FRAME, migrations.RunSQL.noop),
    ]
