-- Input sets, runs and their results, who holds them, and the record of every change.
-- Times are microseconds since 1970-01-01 UTC; money is whole pence.

CREATE TABLE input_set (
  digest              TEXT    NOT NULL PRIMARY KEY,
  stream              TEXT    NOT NULL,
  financial_year      TEXT    NOT NULL,
  reference           INTEGER NOT NULL CHECK (reference IN (0, 1)),
  icb_count           INTEGER NOT NULL,
  baseline_line_count INTEGER NOT NULL,
  baseline_pence      INTEGER NOT NULL,
  policy_json         TEXT    NOT NULL,
  created_by          TEXT    NOT NULL,
  create_time_us      INTEGER NOT NULL
) STRICT;
CREATE INDEX input_set_latest ON input_set (create_time_us DESC, digest DESC);

-- The baseline ledger: why this money is in this ICB's baseline.
CREATE TABLE baseline_line (
  digest       TEXT    NOT NULL REFERENCES input_set (digest),
  position     INTEGER NOT NULL,
  icb          TEXT    NOT NULL,
  component    TEXT    NOT NULL,
  reason       TEXT    NOT NULL,
  amount_pence INTEGER NOT NULL,
  PRIMARY KEY (digest, position)
) STRICT;

-- The ICBs of an input set, where they are, and their need.
CREATE TABLE need_row (
  digest       TEXT    NOT NULL REFERENCES input_set (digest),
  position     INTEGER NOT NULL,
  icb          TEXT    NOT NULL,
  name         TEXT    NOT NULL,
  region       TEXT    NOT NULL,
  region_name  TEXT    NOT NULL,
  population   REAL,
  opening_need REAL,
  closing_need REAL,
  PRIMARY KEY (digest, position)
) STRICT;

-- The organisations that brought these inputs.
CREATE TABLE input_set_holder (
  digest       TEXT NOT NULL REFERENCES input_set (digest),
  organisation TEXT NOT NULL,
  PRIMARY KEY (digest, organisation)
) STRICT;

CREATE TABLE run (
  run_id             TEXT    NOT NULL PRIMARY KEY,
  input_set          TEXT    NOT NULL REFERENCES input_set (digest),
  stream             TEXT    NOT NULL,
  financial_year     TEXT    NOT NULL,
  method_version     TEXT    NOT NULL,
  state              TEXT    NOT NULL CHECK (state IN ('queued', 'computing', 'computed', 'approved',
                                                       'published', 'superseded', 'failed')),
  -- Rises with every change; the etag.
  version            INTEGER NOT NULL CHECK (version >= 1),
  -- Rises with every claim: a worker whose fence is no longer the run's has lost it.
  fence              INTEGER NOT NULL,
  attempts           INTEGER NOT NULL,
  worker             TEXT    NOT NULL,
  created_by         TEXT    NOT NULL,
  create_time_us     INTEGER NOT NULL,
  complete_time_us   INTEGER,
  approved_by        TEXT    NOT NULL,
  approve_time_us    INTEGER,
  published_by       TEXT    NOT NULL,
  publish_time_us    INTEGER,
  superseded_by      TEXT    NOT NULL,
  failure            TEXT    NOT NULL,
  result_digest      TEXT    NOT NULL,
  allocation_pence   INTEGER NOT NULL,
  -- How it stands to the published figures; NULL where there are none.
  icbs_equal         INTEGER,
  icbs_compared      INTEGER,
  icbs_different     TEXT    NOT NULL,
  comparison_source  TEXT    NOT NULL
) STRICT;
CREATE INDEX run_latest ON run (create_time_us DESC, run_id DESC);
CREATE INDEX run_by_input_set ON run (input_set);
-- One published run for each stream and year.
CREATE UNIQUE INDEX run_published ON run (stream, financial_year) WHERE state = 'published';

-- The organisations that asked for this run.
CREATE TABLE run_holder (
  run_id       TEXT NOT NULL REFERENCES run (run_id),
  organisation TEXT NOT NULL,
  PRIMARY KEY (run_id, organisation)
) STRICT;

-- What a run gives: one row for each ICB, region and England, in the order of their codes.
CREATE TABLE run_allocation (
  run_id     TEXT    NOT NULL REFERENCES run (run_id),
  level      TEXT    NOT NULL CHECK (level IN ('icb', 'region', 'england')),
  position   INTEGER NOT NULL,
  code       TEXT    NOT NULL,
  -- specom.finance.v1.Allocation, serialised, in base64.
  allocation TEXT    NOT NULL,
  PRIMARY KEY (run_id, level, position)
) STRICT;

-- Who changed what; written in the transaction of the change, never edited.
CREATE TABLE change_record (
  change_id    INTEGER PRIMARY KEY,
  time_us      INTEGER NOT NULL,
  changed_by   TEXT    NOT NULL,
  organisation TEXT    NOT NULL,
  method       TEXT    NOT NULL,
  resource     TEXT    NOT NULL,
  note         TEXT    NOT NULL,
  traceparent  TEXT    NOT NULL
) STRICT;
CREATE INDEX change_record_resource ON change_record (resource, change_id);
