-- What has been done to this database: one row for each migration of the store ("store") and of
-- the service ("service").
CREATE TABLE schema_migration (
  component     TEXT    NOT NULL,
  version       INTEGER NOT NULL CHECK (version > 0),
  name          TEXT    NOT NULL,
  checksum      TEXT    NOT NULL,
  applied_at_us INTEGER NOT NULL,
  PRIMARY KEY (component, version)
) STRICT, WITHOUT ROWID;
