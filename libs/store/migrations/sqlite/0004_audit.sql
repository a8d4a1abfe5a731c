-- Who did what, and who was refused: a chain in which each record holds the hash of the one before it.
-- Records are added at the end and never changed; the triggers refuse everything else.
CREATE TABLE audit_record (
  sequence      INTEGER PRIMARY KEY CHECK (sequence > 0),
  time_us       INTEGER NOT NULL,
  user_name     TEXT    NOT NULL,
  workload      TEXT    NOT NULL,
  roles         TEXT    NOT NULL,
  organisation  TEXT    NOT NULL,
  method        TEXT    NOT NULL,
  resource      TEXT    NOT NULL,
  action        TEXT    NOT NULL,
  before_digest TEXT    NOT NULL,
  after_digest  TEXT    NOT NULL,
  reason        TEXT    NOT NULL,
  request_id    TEXT    NOT NULL,
  traceparent   TEXT    NOT NULL,
  previous_hash TEXT    NOT NULL,
  hash          TEXT    NOT NULL
) STRICT;

CREATE INDEX audit_record_user ON audit_record (user_name, sequence);
CREATE INDEX audit_record_resource ON audit_record (resource, sequence);
CREATE INDEX audit_record_denied ON audit_record (sequence) WHERE action = 'denied';

-- The last record of the chain. Its row is what writers queue at.
CREATE TABLE audit_head (
  id       INTEGER PRIMARY KEY CHECK (id = 1),
  sequence INTEGER NOT NULL,
  hash     TEXT    NOT NULL
) STRICT;

INSERT INTO audit_head (id, sequence, hash) VALUES (1, 0, '');

CREATE TRIGGER audit_record_appended BEFORE INSERT ON audit_record
WHEN NOT EXISTS (SELECT 1 FROM audit_head
                 WHERE sequence + 1 = NEW.sequence AND hash = NEW.previous_hash)
BEGIN
  SELECT RAISE(ABORT, 'audit records are added at the end of the chain');
END;
CREATE TRIGGER audit_record_kept_as_it_is BEFORE UPDATE ON audit_record
BEGIN
  SELECT RAISE(ABORT, 'audit records are never changed');
END;
CREATE TRIGGER audit_record_kept BEFORE DELETE ON audit_record
BEGIN
  SELECT RAISE(ABORT, 'audit records are never removed');
END;
CREATE TRIGGER audit_head_single BEFORE INSERT ON audit_head
BEGIN
  SELECT RAISE(ABORT, 'the audit chain has one end');
END;
CREATE TRIGGER audit_head_forwards BEFORE UPDATE ON audit_head
WHEN NOT EXISTS (SELECT 1 FROM audit_record
                 WHERE OLD.sequence + 1 = NEW.sequence AND sequence = NEW.sequence AND hash = NEW.hash)
BEGIN
  SELECT RAISE(ABORT, 'the end of the audit chain moves to the record after it');
END;
CREATE TRIGGER audit_head_kept BEFORE DELETE ON audit_head
BEGIN
  SELECT RAISE(ABORT, 'the end of the audit chain is never removed');
END;
