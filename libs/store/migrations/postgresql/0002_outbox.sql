-- Events that wait to be published, and those that were: replay needs them all.
-- sequence is given when the relay first reads a committed row, not when the row is written:
-- transactions commit in another order than the one in which they take ids.
CREATE TABLE outbox (
  id            BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  sequence      BIGINT           UNIQUE,
  topic         TEXT COLLATE "C" NOT NULL,
  event_id      TEXT COLLATE "C" NOT NULL UNIQUE,
  type          TEXT COLLATE "C" NOT NULL,
  subject       TEXT COLLATE "C" NOT NULL,
  aggregate_seq BIGINT           NOT NULL CHECK (aggregate_seq > 0),
  data          TEXT             NOT NULL,
  traceparent   TEXT             NOT NULL,
  time_us       BIGINT           NOT NULL,
  published     BIGINT           NOT NULL DEFAULT 0 CHECK (published IN (0, 1)),
  UNIQUE (topic, subject, aggregate_seq)
);

CREATE INDEX outbox_unnumbered ON outbox (id) WHERE sequence IS NULL;
CREATE INDEX outbox_unpublished ON outbox (sequence) WHERE published = 0;
CREATE INDEX outbox_published ON outbox (topic, sequence) WHERE published = 1;

-- The last aggregate_seq of each subject. Its row is what writers of one subject queue at.
CREATE TABLE outbox_aggregate (
  topic    TEXT COLLATE "C" NOT NULL,
  subject  TEXT COLLATE "C" NOT NULL,
  last_seq BIGINT           NOT NULL CHECK (last_seq > 0),
  PRIMARY KEY (topic, subject)
);
