-- What reporting has learnt from the events of portfolio and finance. All of it can be built again
-- from them. Times are microseconds since 1970-01-01 UTC; money is whole pence; dates are ISO 8601.

-- Runs as finance published them. superseded: 1 when another run of the stream and year was
-- published since.
CREATE TABLE published_run (
  run             TEXT    NOT NULL PRIMARY KEY,
  stream          TEXT    NOT NULL,
  financial_year  TEXT    NOT NULL,
  publish_time_us INTEGER NOT NULL,
  superseded      INTEGER NOT NULL CHECK (superseded IN (0, 1)),
  event_id        TEXT    NOT NULL,
  event_time_us   INTEGER NOT NULL,
  event_sequence  INTEGER NOT NULL
) STRICT;
CREATE INDEX published_run_current ON published_run (stream, financial_year, publish_time_us);

-- Also of runs whose publication has not arrived yet.
CREATE TABLE superseded_run (
  run TEXT NOT NULL PRIMARY KEY
) STRICT;

-- What a run allocates to each ICB, and to each region as a whole (code = region).
CREATE TABLE published_allocation (
  run                       TEXT    NOT NULL REFERENCES published_run (run),
  region                    TEXT    NOT NULL,
  code                      TEXT    NOT NULL,
  name                      TEXT    NOT NULL,
  region_name               TEXT    NOT NULL,
  baseline_pence            INTEGER NOT NULL,
  target_pence              INTEGER,
  opening_distance          REAL,
  base_growth               REAL    NOT NULL,
  convergence               REAL,
  allocation_pence          INTEGER NOT NULL,
  closing_distance          REAL,
  taken_out_pence           INTEGER NOT NULL,
  added_pence               INTEGER NOT NULL,
  resource_allocation_pence INTEGER NOT NULL,
  PRIMARY KEY (run, region, code)
) STRICT;

-- The latest state of each decision on who commissions what. icbs and services are codes with a
-- blank between them.
CREATE TABLE decision (
  name           TEXT    NOT NULL PRIMARY KEY,
  form           TEXT    NOT NULL CHECK (form IN ('nhs_england', 'joint', 'delegated')),
  decided_on     TEXT    NOT NULL,
  recorded_at_us INTEGER NOT NULL,
  effective_from TEXT    NOT NULL,
  effective_to   TEXT,
  icbs           TEXT    NOT NULL,
  services       TEXT    NOT NULL,
  names_lines    INTEGER NOT NULL CHECK (names_lines IN (0, 1)),
  event_id       TEXT    NOT NULL,
  event_time_us  INTEGER NOT NULL,
  event_sequence INTEGER NOT NULL
) STRICT;

-- Decisions that another one replaced in what is known.
CREATE TABLE corrected_decision (
  name TEXT NOT NULL PRIMARY KEY
) STRICT;

-- The event that last said something of an ICB.
CREATE TABLE icb (
  code           TEXT    NOT NULL PRIMARY KEY,
  event_sequence INTEGER NOT NULL
) STRICT;

CREATE TABLE icb_succession (
  predecessor TEXT NOT NULL REFERENCES icb (code),
  successor   TEXT NOT NULL,
  from_day    TEXT NOT NULL,
  PRIMARY KEY (predecessor, successor)
) STRICT;
