-- Input sets, runs and their results, who holds them, and the record of every change.
-- Times are microseconds since 1970-01-01 UTC; money is whole pence.

CREATE TABLE input_set (
  digest              TEXT COLLATE "C" NOT NULL PRIMARY KEY,
  stream              TEXT COLLATE "C" NOT NULL,
  financial_year      TEXT COLLATE "C" NOT NULL,
  reference           BIGINT  NOT NULL CHECK (reference IN (0, 1)),
  icb_count           BIGINT  NOT NULL,
  baseline_line_count BIGINT  NOT NULL,
  baseline_pence      BIGINT  NOT NULL,
  policy_json         TEXT    NOT NULL,
  created_by          TEXT    NOT NULL,
  create_time_us      BIGINT  NOT NULL
);
CREATE INDEX input_set_latest ON input_set (create_time_us DESC, digest DESC);

-- The baseline ledger: why this money is in this ICB's baseline.
CREATE TABLE baseline_line (
  digest       TEXT COLLATE "C" NOT NULL REFERENCES input_set (digest),
  position     BIGINT  NOT NULL,
  icb          TEXT COLLATE "C" NOT NULL,
  component    TEXT    NOT NULL,
  reason       TEXT    NOT NULL,
  amount_pence BIGINT  NOT NULL,
  PRIMARY KEY (digest, position)
);

-- The ICBs of an input set, where they are, and their need.
CREATE TABLE need_row (
  digest       TEXT COLLATE "C" NOT NULL REFERENCES input_set (digest),
  position     BIGINT  NOT NULL,
  icb          TEXT COLLATE "C" NOT NULL,
  name         TEXT    NOT NULL,
  region       TEXT    NOT NULL,
  region_name  TEXT    NOT NULL,
  population   DOUBLE PRECISION,
  opening_need DOUBLE PRECISION,
  closing_need DOUBLE PRECISION,
  PRIMARY KEY (digest, position)
);

-- The organisations that brought these inputs.
CREATE TABLE input_set_holder (
  digest       TEXT COLLATE "C" NOT NULL REFERENCES input_set (digest),
  organisation TEXT COLLATE "C" NOT NULL,
  PRIMARY KEY (digest, organisation)
);

CREATE TABLE run (
  run_id             TEXT COLLATE "C" NOT NULL PRIMARY KEY,
  input_set          TEXT COLLATE "C" NOT NULL REFERENCES input_set (digest),
  stream             TEXT COLLATE "C" NOT NULL,
  financial_year     TEXT COLLATE "C" NOT NULL,
  method_version     TEXT    NOT NULL,
  state              TEXT COLLATE "C" NOT NULL CHECK (state IN ('queued', 'computing', 'computed', 'approved',
                                                       'published', 'superseded', 'failed')),
  -- Rises with every change; the etag.
  version            BIGINT  NOT NULL CHECK (version >= 1),
  -- Rises with every claim: a worker whose fence is no longer the run's has lost it.
  fence              BIGINT  NOT NULL,
  attempts           BIGINT  NOT NULL,
  worker             TEXT    NOT NULL,
  created_by         TEXT    NOT NULL,
  create_time_us     BIGINT  NOT NULL,
  complete_time_us   BIGINT,
  approved_by        TEXT    NOT NULL,
  approve_time_us    BIGINT,
  published_by       TEXT    NOT NULL,
  publish_time_us    BIGINT,
  superseded_by      TEXT    NOT NULL,
  failure            TEXT    NOT NULL,
  result_digest      TEXT    NOT NULL,
  allocation_pence   BIGINT  NOT NULL,
  -- How it stands to the published figures; NULL where there are none.
  icbs_equal         BIGINT,
  icbs_compared      BIGINT,
  icbs_different     TEXT    NOT NULL,
  comparison_source  TEXT    NOT NULL
);
CREATE INDEX run_latest ON run (create_time_us DESC, run_id DESC);
CREATE INDEX run_by_input_set ON run (input_set);
-- One published run for each stream and year.
CREATE UNIQUE INDEX run_published ON run (stream, financial_year) WHERE state = 'published';

-- The organisations that asked for this run.
CREATE TABLE run_holder (
  run_id       TEXT COLLATE "C" NOT NULL REFERENCES run (run_id),
  organisation TEXT COLLATE "C" NOT NULL,
  PRIMARY KEY (run_id, organisation)
);

-- What a run gives: one row for each ICB, region and England, in the order of their codes.
CREATE TABLE run_allocation (
  run_id     TEXT COLLATE "C" NOT NULL REFERENCES run (run_id),
  level      TEXT COLLATE "C" NOT NULL CHECK (level IN ('icb', 'region', 'england')),
  position   BIGINT  NOT NULL,
  code       TEXT    NOT NULL,
  -- specom.finance.v1.Allocation, serialised, in base64.
  allocation TEXT    NOT NULL,
  PRIMARY KEY (run_id, level, position)
);

-- Who changed what; written in the transaction of the change, never edited.
CREATE TABLE change_record (
  change_id    BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  time_us      BIGINT  NOT NULL,
  changed_by   TEXT    NOT NULL,
  organisation TEXT COLLATE "C" NOT NULL,
  method       TEXT    NOT NULL,
  resource     TEXT COLLATE "C" NOT NULL,
  note         TEXT    NOT NULL,
  traceparent  TEXT    NOT NULL
);
CREATE INDEX change_record_resource ON change_record (resource, change_id);
