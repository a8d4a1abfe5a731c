-- What reporting has learnt from the events of portfolio and finance. All of it can be built again
-- from them. Times are microseconds since 1970-01-01 UTC; money is whole pence; dates are ISO 8601.

-- Runs as finance published them. superseded: 1 when another run of the stream and year was
-- published since.
CREATE TABLE published_run (
  run             TEXT COLLATE "C" NOT NULL PRIMARY KEY,
  stream          TEXT COLLATE "C" NOT NULL,
  financial_year  TEXT COLLATE "C" NOT NULL,
  publish_time_us BIGINT NOT NULL,
  superseded      BIGINT NOT NULL CHECK (superseded IN (0, 1)),
  event_id        TEXT COLLATE "C" NOT NULL,
  event_time_us   BIGINT NOT NULL,
  event_sequence  BIGINT NOT NULL
);
CREATE INDEX published_run_current ON published_run (stream, financial_year, publish_time_us);

-- Also of runs whose publication has not arrived yet.
CREATE TABLE superseded_run (
  run TEXT COLLATE "C" NOT NULL PRIMARY KEY
);

-- What a run allocates to each ICB, and to each region as a whole (code = region).
CREATE TABLE published_allocation (
  run                       TEXT COLLATE "C" NOT NULL REFERENCES published_run (run),
  region                    TEXT COLLATE "C" NOT NULL,
  code                      TEXT COLLATE "C" NOT NULL,
  name                      TEXT COLLATE "C" NOT NULL,
  region_name               TEXT COLLATE "C" NOT NULL,
  baseline_pence            BIGINT NOT NULL,
  target_pence              BIGINT,
  opening_distance          DOUBLE PRECISION,
  base_growth               DOUBLE PRECISION NOT NULL,
  convergence               DOUBLE PRECISION,
  allocation_pence          BIGINT NOT NULL,
  closing_distance          DOUBLE PRECISION,
  taken_out_pence           BIGINT NOT NULL,
  added_pence               BIGINT NOT NULL,
  resource_allocation_pence BIGINT NOT NULL,
  PRIMARY KEY (run, region, code)
);

-- The latest state of each decision on who commissions what. icbs and services are codes with a
-- blank between them.
CREATE TABLE decision (
  name           TEXT COLLATE "C" NOT NULL PRIMARY KEY,
  form           TEXT COLLATE "C" NOT NULL CHECK (form IN ('nhs_england', 'joint', 'delegated')),
  decided_on     TEXT COLLATE "C" NOT NULL,
  recorded_at_us BIGINT NOT NULL,
  effective_from TEXT COLLATE "C" NOT NULL,
  effective_to   TEXT COLLATE "C",
  icbs           TEXT COLLATE "C" NOT NULL,
  services       TEXT COLLATE "C" NOT NULL,
  names_lines    BIGINT NOT NULL CHECK (names_lines IN (0, 1)),
  event_id       TEXT COLLATE "C" NOT NULL,
  event_time_us  BIGINT NOT NULL,
  event_sequence BIGINT NOT NULL
);

-- Decisions that another one replaced in what is known.
CREATE TABLE corrected_decision (
  name TEXT COLLATE "C" NOT NULL PRIMARY KEY
);

-- The event that last said something of an ICB.
CREATE TABLE icb (
  code           TEXT COLLATE "C" NOT NULL PRIMARY KEY,
  event_sequence BIGINT NOT NULL
);

CREATE TABLE icb_succession (
  predecessor TEXT COLLATE "C" NOT NULL REFERENCES icb (code),
  successor   TEXT COLLATE "C" NOT NULL,
  from_day    TEXT COLLATE "C" NOT NULL,
  PRIMARY KEY (predecessor, successor)
);
