-- Events that wait to be published, and those that were: replay needs them all.
-- sequence is given when the relay first reads a committed row, not when the row is written:
-- transactions commit in another order than the one in which they take ids.
CREATE TABLE outbox (
  id            INTEGER PRIMARY KEY AUTOINCREMENT,
  sequence      INTEGER UNIQUE,
  topic         TEXT    NOT NULL,
  event_id      TEXT    NOT NULL UNIQUE,
  type          TEXT    NOT NULL,
  subject       TEXT    NOT NULL,
  aggregate_seq INTEGER NOT NULL CHECK (aggregate_seq > 0),
  data          TEXT    NOT NULL,
  traceparent   TEXT    NOT NULL,
  time_us       INTEGER NOT NULL,
  published     INTEGER NOT NULL DEFAULT 0 CHECK (published IN (0, 1)),
  UNIQUE (topic, subject, aggregate_seq)
) STRICT;

CREATE INDEX outbox_unnumbered ON outbox (id) WHERE sequence IS NULL;
CREATE INDEX outbox_unpublished ON outbox (sequence) WHERE published = 0;
CREATE INDEX outbox_published ON outbox (topic, sequence) WHERE published = 1;

-- The last aggregate_seq of each subject. Its row is what writers of one subject queue at.
CREATE TABLE outbox_aggregate (
  topic    TEXT    NOT NULL,
  subject  TEXT    NOT NULL,
  last_seq INTEGER NOT NULL CHECK (last_seq > 0),
  PRIMARY KEY (topic, subject)
) STRICT, WITHOUT ROWID;
