"""Receipts prove notice: the database itself refuses to change or delete them."""

from django.db import migrations

FORWARD = """
CREATE FUNCTION alerts_receipt_refuse() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'receipts are append-only';
END $$;
CREATE TRIGGER alerts_receipt_append_only BEFORE UPDATE OR DELETE ON alerts_receipt
    FOR EACH ROW EXECUTE FUNCTION alerts_receipt_refuse();
"""
BACKWARD = """
DROP TRIGGER alerts_receipt_append_only ON alerts_receipt;
DROP FUNCTION alerts_receipt_refuse();
"""


class Migration(migrations.Migration):
    dependencies = [("alerts", "0003_delivery")]
    operations = [migrations.RunSQL(FORWARD, BACKWARD)]
