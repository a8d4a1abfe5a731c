-- The audit record of the store tells of every change from here on. What change_record holds stays, for
-- reading; nothing is added to it, changed or removed.

CREATE TRIGGER change_record_closed BEFORE INSERT ON change_record
BEGIN
  SELECT RAISE(ABORT, 'changes are recorded in audit_record');
END;
CREATE TRIGGER change_record_kept_as_it_is BEFORE UPDATE ON change_record
BEGIN
  SELECT RAISE(ABORT, 'the record of changes is never changed');
END;
CREATE TRIGGER change_record_kept BEFORE DELETE ON change_record
BEGIN
  SELECT RAISE(ABORT, 'the record of changes is never removed');
END;
