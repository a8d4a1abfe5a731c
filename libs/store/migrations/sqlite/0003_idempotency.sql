-- The outcome of each write that carried a request_id, so that a repeat has the same one.
CREATE TABLE idempotency (
  user_name       TEXT    NOT NULL,
  method          TEXT    NOT NULL,
  request_id      TEXT    NOT NULL,
  fingerprint     TEXT    NOT NULL,
  resource        TEXT    NOT NULL,
  outcome_code    INTEGER NOT NULL,
  outcome_message TEXT    NOT NULL,
  outcome_details TEXT    NOT NULL,
  recorded_at_us  INTEGER NOT NULL,
  PRIMARY KEY (user_name, method, request_id)
) STRICT, WITHOUT ROWID;

-- The events whose effect each consumer group has had.
CREATE TABLE handled_event (
  consumer_group TEXT    NOT NULL,
  event_id       TEXT    NOT NULL,
  handled_at_us  INTEGER NOT NULL,
  PRIMARY KEY (consumer_group, event_id)
) STRICT, WITHOUT ROWID;
