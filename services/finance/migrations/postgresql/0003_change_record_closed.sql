-- The audit record of the store tells of every change from here on. What change_record holds stays, for
-- reading; nothing is added to it, changed or removed.

CREATE FUNCTION change_record_closed() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  RAISE EXCEPTION 'changes are recorded in audit_record';
END $$;
CREATE TRIGGER change_record_closed BEFORE INSERT OR UPDATE OR DELETE OR TRUNCATE ON change_record
  FOR EACH STATEMENT EXECUTE FUNCTION change_record_closed();
