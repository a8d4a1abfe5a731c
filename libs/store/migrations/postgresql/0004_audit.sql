-- Who did what, and who was refused: a chain in which each record holds the hash of the one before it.
-- Records are added at the end and never changed; the triggers refuse everything else.
CREATE TABLE audit_record (
  sequence      BIGINT           PRIMARY KEY CHECK (sequence > 0),
  time_us       BIGINT           NOT NULL,
  user_name     TEXT COLLATE "C" NOT NULL,
  workload      TEXT COLLATE "C" NOT NULL,
  roles         TEXT COLLATE "C" NOT NULL,
  organisation  TEXT COLLATE "C" NOT NULL,
  method        TEXT COLLATE "C" NOT NULL,
  resource      TEXT COLLATE "C" NOT NULL,
  action        TEXT COLLATE "C" NOT NULL,
  before_digest TEXT COLLATE "C" NOT NULL,
  after_digest  TEXT COLLATE "C" NOT NULL,
  reason        TEXT             NOT NULL,
  request_id    TEXT COLLATE "C" NOT NULL,
  traceparent   TEXT COLLATE "C" NOT NULL,
  previous_hash TEXT COLLATE "C" NOT NULL,
  hash          TEXT COLLATE "C" NOT NULL
);

CREATE INDEX audit_record_user ON audit_record (user_name, sequence);
CREATE INDEX audit_record_resource ON audit_record (resource, sequence);
CREATE INDEX audit_record_denied ON audit_record (sequence) WHERE action = 'denied';

-- The last record of the chain. Its row is what writers queue at.
CREATE TABLE audit_head (
  id       BIGINT           PRIMARY KEY CHECK (id = 1),
  sequence BIGINT           NOT NULL,
  hash     TEXT COLLATE "C" NOT NULL
);

INSERT INTO audit_head (id, sequence, hash) VALUES (1, 0, '');

CREATE FUNCTION audit_record_appended() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF NOT EXISTS (SELECT 1 FROM audit_head
                 WHERE sequence + 1 = NEW.sequence AND hash = NEW.previous_hash) THEN
    RAISE EXCEPTION 'audit records are added at the end of the chain';
  END IF;
  RETURN NEW;
END $$;
CREATE FUNCTION audit_head_forwards() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF NOT EXISTS (SELECT 1 FROM audit_record
                 WHERE OLD.sequence + 1 = NEW.sequence AND sequence = NEW.sequence AND hash = NEW.hash) THEN
    RAISE EXCEPTION 'the end of the audit chain moves to the record after it';
  END IF;
  RETURN NEW;
END $$;
CREATE FUNCTION audit_kept() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  RAISE EXCEPTION 'the audit record is never changed or removed';
END $$;

CREATE TRIGGER audit_record_appended BEFORE INSERT ON audit_record
  FOR EACH ROW EXECUTE FUNCTION audit_record_appended();
CREATE TRIGGER audit_record_kept BEFORE UPDATE OR DELETE OR TRUNCATE ON audit_record
  FOR EACH STATEMENT EXECUTE FUNCTION audit_kept();
CREATE TRIGGER audit_head_forwards BEFORE UPDATE ON audit_head
  FOR EACH ROW EXECUTE FUNCTION audit_head_forwards();
CREATE TRIGGER audit_head_kept BEFORE INSERT OR DELETE OR TRUNCATE ON audit_head
  FOR EACH STATEMENT EXECUTE FUNCTION audit_kept();
