-- The outcome of each write that carried a request_id, so that a repeat has the same one.
CREATE TABLE idempotency (
  user_name       TEXT COLLATE "C" NOT NULL,
  method          TEXT COLLATE "C" NOT NULL,
  request_id      TEXT COLLATE "C" NOT NULL,
  fingerprint     TEXT COLLATE "C" NOT NULL,
  resource        TEXT COLLATE "C" NOT NULL,
  outcome_code    BIGINT           NOT NULL,
  outcome_message TEXT             NOT NULL,
  outcome_details TEXT             NOT NULL,
  recorded_at_us  BIGINT           NOT NULL,
  PRIMARY KEY (user_name, method, request_id)
);

-- The events whose effect each consumer group has had.
CREATE TABLE handled_event (
  consumer_group TEXT COLLATE "C" NOT NULL,
  event_id       TEXT COLLATE "C" NOT NULL,
  handled_at_us  BIGINT           NOT NULL,
  PRIMARY KEY (consumer_group, event_id)
);
