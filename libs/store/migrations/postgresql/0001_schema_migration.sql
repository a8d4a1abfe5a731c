-- What has been done to this database: one row for each migration of the store ("store") and of
-- the service ("service").
CREATE TABLE schema_migration (
  component     TEXT COLLATE "C" NOT NULL,
  version       BIGINT           NOT NULL CHECK (version > 0),
  name          TEXT COLLATE "C" NOT NULL,
  checksum      TEXT COLLATE "C" NOT NULL,
  applied_at_us BIGINT           NOT NULL,
  PRIMARY KEY (component, version)
);
