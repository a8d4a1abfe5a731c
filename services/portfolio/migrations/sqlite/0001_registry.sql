-- The registry as a log: every record that it ever learnt. Rows are added, never changed or removed,
-- but for the one row of registry_head. Times are microseconds since 1970-01-01 UTC.

-- What one request taught the registry, who made it and why.
CREATE TABLE registry_change (
  change_number  INTEGER NOT NULL PRIMARY KEY,
  recorded_at_us INTEGER NOT NULL,
  recorded_by    TEXT    NOT NULL,
  organisation   TEXT    NOT NULL,
  method         TEXT    NOT NULL,
  note           TEXT    NOT NULL,
  traceparent    TEXT    NOT NULL
) STRICT;

-- The last change: what other processes look at, and what writers queue at.
CREATE TABLE registry_head (
  only_row       INTEGER NOT NULL PRIMARY KEY CHECK (only_row = 1),
  change_number  INTEGER NOT NULL,
  recorded_at_us INTEGER NOT NULL
) STRICT;
INSERT INTO registry_head (only_row, change_number, recorded_at_us) VALUES (1, 0, 0);

CREATE TABLE registry_record (
  kind           TEXT    NOT NULL,
  id             TEXT    NOT NULL,
  version        INTEGER NOT NULL CHECK (version >= 1),
  -- The version that it replaces in what is known; 0: none.
  supersedes     INTEGER NOT NULL CHECK (supersedes < version),
  change_number  INTEGER NOT NULL REFERENCES registry_change (change_number),
  recorded_at_us INTEGER NOT NULL,
  effective_from TEXT    NOT NULL,
  effective_to   TEXT    NOT NULL,
  provenance     TEXT    NOT NULL,
  inferred       INTEGER NOT NULL CHECK (inferred IN (0, 1)),
  -- The other columns of its file, as a JSON object of strings.
  body           TEXT    NOT NULL,
  PRIMARY KEY (kind, id, version)
) STRICT;
CREATE INDEX registry_record_by_change ON registry_record (change_number);

-- The reference packs that were loaded.
CREATE TABLE reference_pack (
  version       INTEGER NOT NULL PRIMARY KEY,
  change_number INTEGER NOT NULL REFERENCES registry_change (change_number)
) STRICT;
