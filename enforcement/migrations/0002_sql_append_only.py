from django.db import migrations

STEPS = """
CREATE FUNCTION enforcement_refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  RAISE EXCEPTION '% is append-only', TG_TABLE_NAME USING ERRCODE = 'restrict_violation';
END $$;
CREATE TRIGGER enforcement_step_append_only
  BEFORE UPDATE OR DELETE ON enforcement_casestep
  FOR EACH ROW EXECUTE FUNCTION enforcement_refuse_change();

CREATE FUNCTION enforcement_keep_issued() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF TG_OP = 'DELETE' THEN
    IF OLD.state <> 'draft' THEN
      RAISE EXCEPTION 'an issued document is never deleted'
        USING ERRCODE = 'restrict_violation';
    END IF;
    RETURN OLD;
  END IF;
  IF OLD.state <> 'draft' AND (
       NEW.number, NEW.kind, NEW.case_id, NEW.context, NEW.data, NEW.word_id,
       NEW.issued_at, NEW.version, NEW.round)
     IS DISTINCT FROM (
       OLD.number, OLD.kind, OLD.case_id, OLD.context, OLD.data, OLD.word_id,
       OLD.issued_at, OLD.version, OLD.round) THEN
    RAISE EXCEPTION 'an issued document does not change'
      USING ERRCODE = 'restrict_violation';
  END IF;
  IF OLD.pdf_id IS NOT NULL AND NEW.pdf_id IS DISTINCT FROM OLD.pdf_id THEN
    RAISE EXCEPTION 'the PDF of an issued document does not change'
      USING ERRCODE = 'restrict_violation';
  END IF;
  IF OLD.state = 'void' AND NEW.state <> 'void' THEN
    RAISE EXCEPTION 'a voided document stays void'
      USING ERRCODE = 'restrict_violation';
  END IF;
  RETURN NEW;
END $$;
CREATE TRIGGER enforcement_document_issued
  BEFORE UPDATE OR DELETE ON enforcement_document
  FOR EACH ROW EXECUTE FUNCTION enforcement_keep_issued();
"""
BACK = """
DROP TRIGGER enforcement_step_append_only ON enforcement_casestep;
DROP FUNCTION enforcement_refuse_change();
DROP TRIGGER enforcement_document_issued ON enforcement_document;
DROP FUNCTION enforcement_keep_issued();
"""


class Migration(migrations.Migration):
    dependencies = [("enforcement", "0001_initial")]
    operations = [migrations.RunSQL(STEPS, BACK)]
