-- Routes: endpoints, deliveries, budgets, schedules. Times are microseconds since 1970 (UTC); ids are UUIDv7, 16 bytes.
-- The MySQL migration of the same name gives the same tables and columns; a test compares them.

-- Where routes deliver to, beside devices. `config` has what is not secret, as JSON; `secrets` is sealed with the courier's key.
-- `number` is the one by which old scripts know a queue at AWS.
CREATE TABLE endpoints (
  id BLOB NOT NULL PRIMARY KEY,
  number BIGINT,
  kind TEXT NOT NULL,
  name TEXT NOT NULL,
  name_key TEXT NOT NULL,
  enabled BOOLEAN NOT NULL,
  config TEXT NOT NULL,
  secrets BLOB,
  created_at BIGINT NOT NULL,
  created_by TEXT NOT NULL,
  changed_at BIGINT NOT NULL
) WITHOUT ROWID;
CREATE UNIQUE INDEX endpoints_name ON endpoints (name_key);
CREATE UNIQUE INDEX endpoints_number ON endpoints (number);

-- How each endpoint has been doing. Written by whoever delivers, often: apart from what a person writes.
CREATE TABLE endpoint_states (
  endpoint_id BLOB NOT NULL PRIMARY KEY,
  failures_in_a_row INTEGER NOT NULL,
  failing_since BIGINT,
  open_until BIGINT NOT NULL,
  disabled_at BIGINT,
  disabled_why TEXT,
  delivered_at BIGINT,
  failed_at BIGINT,
  failure TEXT
) WITHOUT ROWID;

-- What is passed on where. `messages` and `conditions` are JSON. `same_key` is a digest of all that makes two routes the same.
CREATE TABLE routes (
  id BLOB NOT NULL PRIMARY KEY,
  number BIGINT NOT NULL,
  name TEXT NOT NULL,
  enabled BOOLEAN NOT NULL,
  source_kind TEXT NOT NULL,
  source_id BLOB,
  source_word TEXT,
  messages TEXT NOT NULL,
  conditions TEXT NOT NULL,
  target_kind TEXT NOT NULL,
  target_id BLOB NOT NULL,
  format TEXT,
  lives_s BIGINT NOT NULL,
  same_key BLOB NOT NULL,
  created_at BIGINT NOT NULL,
  created_by TEXT NOT NULL,
  changed_at BIGINT NOT NULL
) WITHOUT ROWID;
CREATE UNIQUE INDEX routes_number ON routes (number);
CREATE UNIQUE INDEX routes_same ON routes (same_key);
CREATE INDEX routes_source ON routes (source_id);
CREATE INDEX routes_target ON routes (target_id);

-- One message on its way to one target. A route delivers a message once. `due_at` is empty (NULL) once it is settled;
-- `target_id` is an endpoint, or a device.
CREATE TABLE deliveries (
  id BLOB NOT NULL PRIMARY KEY,
  route_id BLOB,
  target_kind TEXT NOT NULL,
  target_id BLOB NOT NULL,
  message_id BLOB,
  modem_id BLOB,
  device_id BLOB,
  state TEXT NOT NULL,
  cause TEXT NOT NULL,
  attempts INTEGER NOT NULL,
  due_at BIGINT,
  claimed_until BIGINT NOT NULL,
  created_at BIGINT NOT NULL,
  tried_at BIGINT,
  settled_at BIGINT,
  status INTEGER,
  format TEXT NOT NULL,
  content_type TEXT NOT NULL,
  attributes TEXT NOT NULL,
  body BLOB NOT NULL,
  response BLOB,
  mt_id BLOB
);
CREATE UNIQUE INDEX deliveries_once ON deliveries (message_id, route_id);
CREATE INDEX deliveries_due ON deliveries (state, target_id, due_at, id);
CREATE INDEX deliveries_device ON deliveries (device_id, id);
CREATE INDEX deliveries_target ON deliveries (target_id, id);
CREATE INDEX deliveries_route ON deliveries (route_id, id);
CREATE INDEX deliveries_state ON deliveries (state, id);
CREATE INDEX deliveries_settled ON deliveries (settled_at);

-- Which route made a message to a device, of which message; `position_at` where it tells a position.
CREATE TABLE mt_origins (
  mt_id BLOB NOT NULL PRIMARY KEY,
  route_id BLOB NOT NULL,
  delivery_id BLOB NOT NULL,
  source_modem BLOB NOT NULL,
  position_at BIGINT
) WITHOUT ROWID;
CREATE INDEX mt_origins_route ON mt_origins (route_id, mt_id);

-- What Cloudloop calls a modem. It tells with each message, and is told when something is sent. `counted_at` is the newest session
-- of which was counted what the modem fetched in it.
CREATE TABLE cloudloop_things (
  modem_id BLOB NOT NULL PRIMARY KEY,
  thing TEXT NOT NULL,
  learned_at BIGINT NOT NULL,
  counted_at BIGINT
) WITHOUT ROWID;

-- How many credits an account, a group or a device may spend in a day or a month (UTC). `warned_for` and `spent_for`
-- are the first day of the day or month of which a person was told that it is nearly spent, and that it is.
CREATE TABLE credit_budgets (
  id BLOB NOT NULL PRIMARY KEY,
  scope TEXT NOT NULL,
  account TEXT,
  subject_id BLOB,
  period TEXT NOT NULL,
  credits BIGINT NOT NULL,
  warn_percent INTEGER NOT NULL,
  warned_for INTEGER,
  spent_for INTEGER,
  same_key BLOB NOT NULL,
  created_at BIGINT NOT NULL,
  created_by TEXT NOT NULL
) WITHOUT ROWID;
CREATE UNIQUE INDEX credit_budgets_same ON credit_budgets (same_key);

-- What devices are told again and again. `at_minute` counts from midnight in `time_zone`; `next_at` is empty (NULL) while it is off.
CREATE TABLE mt_schedules (
  id BLOB NOT NULL PRIMARY KEY,
  name TEXT NOT NULL,
  target_kind TEXT NOT NULL,
  target_id BLOB NOT NULL,
  told TEXT NOT NULL,
  days TEXT NOT NULL,
  at_minute INTEGER NOT NULL,
  time_zone TEXT NOT NULL,
  next_at BIGINT,
  last_at BIGINT,
  last_result TEXT,
  created_at BIGINT NOT NULL,
  created_by TEXT NOT NULL,
  changed_at BIGINT NOT NULL
) WITHOUT ROWID;
CREATE INDEX mt_schedules_next ON mt_schedules (next_at);

-- The queues at AWS that are known already become endpoints of the same numbers.
INSERT INTO endpoints (id, number, kind, name, name_key, enabled, config, secrets, created_at, created_by, changed_at)
SELECT id, number, 'sqs', label, label_key, 1, JSON_OBJECT('kind', 'sqs', 'url', url), NULL, created_at, 'migration', created_at
FROM sqs_queues WHERE id NOT IN (SELECT id FROM endpoints);
