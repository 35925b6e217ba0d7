-- Routes: endpoints, deliveries, budgets, schedules. Times are microseconds since 1970 (UTC); ids are UUIDv7, 16 bytes.
-- The SQLite migration of the same name gives the same tables and columns; a test compares them.
-- MySQL commits each CREATE TABLE by itself: IF NOT EXISTS lets an interrupted migration run again.

-- Where routes deliver to, beside devices. `config` has what is not secret, as JSON; `secrets` is sealed with the courier's key.
-- `number` is the one by which old scripts know a queue at AWS.
CREATE TABLE IF NOT EXISTS endpoints (
  id BINARY(16) NOT NULL PRIMARY KEY,
  number BIGINT,
  kind VARCHAR(24) CHARACTER SET ascii NOT NULL,
  name VARCHAR(200) NOT NULL,
  name_key VARCHAR(200) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NOT NULL,
  enabled BOOLEAN NOT NULL,
  config TEXT NOT NULL,
  secrets BLOB,
  created_at BIGINT NOT NULL,
  created_by VARCHAR(200) NOT NULL,
  changed_at BIGINT NOT NULL,
  UNIQUE KEY endpoints_name (name_key),
  UNIQUE KEY endpoints_number (number)
) ENGINE=InnoDB DEFAULT CHARACTER SET utf8mb4;

-- How each endpoint has been doing. Written by whoever delivers, often: apart from what a person writes.
CREATE TABLE IF NOT EXISTS endpoint_states (
  endpoint_id BINARY(16) NOT NULL PRIMARY KEY,
  failures_in_a_row INT NOT NULL,
  failing_since BIGINT,
  open_until BIGINT NOT NULL,
  disabled_at BIGINT,
  disabled_why TEXT,
  delivered_at BIGINT,
  failed_at BIGINT,
  failure TEXT
) ENGINE=InnoDB DEFAULT CHARACTER SET utf8mb4;

-- What is passed on where. `messages` and `conditions` are JSON. `same_key` is a digest of all that makes two routes the same.
CREATE TABLE IF NOT EXISTS routes (
  id BINARY(16) NOT NULL PRIMARY KEY,
  number BIGINT NOT NULL,
  name VARCHAR(200) NOT NULL,
  enabled BOOLEAN NOT NULL,
  source_kind VARCHAR(24) CHARACTER SET ascii NOT NULL,
  source_id BINARY(16),
  source_word VARCHAR(24) CHARACTER SET ascii,
  messages TEXT NOT NULL,
  conditions TEXT NOT NULL,
  target_kind VARCHAR(24) CHARACTER SET ascii NOT NULL,
  target_id BINARY(16) NOT NULL,
  format VARCHAR(24) CHARACTER SET ascii,
  lives_s BIGINT NOT NULL,
  same_key BINARY(32) NOT NULL,
  created_at BIGINT NOT NULL,
  created_by VARCHAR(200) NOT NULL,
  changed_at BIGINT NOT NULL,
  UNIQUE KEY routes_number (number),
  UNIQUE KEY routes_same (same_key),
  KEY routes_source (source_id),
  KEY routes_target (target_id)
) ENGINE=InnoDB DEFAULT CHARACTER SET utf8mb4;

-- One message on its way to one target. A route delivers a message once. `due_at` is empty (NULL) once it is settled;
-- `target_id` is an endpoint, or a device.
CREATE TABLE IF NOT EXISTS deliveries (
  id BINARY(16) NOT NULL PRIMARY KEY,
  route_id BINARY(16),
  target_kind VARCHAR(24) CHARACTER SET ascii NOT NULL,
  target_id BINARY(16) NOT NULL,
  message_id BINARY(16),
  modem_id BINARY(16),
  device_id BINARY(16),
  state VARCHAR(24) CHARACTER SET ascii NOT NULL,
  cause TEXT NOT NULL,
  attempts INT NOT NULL,
  due_at BIGINT,
  claimed_until BIGINT NOT NULL,
  created_at BIGINT NOT NULL,
  tried_at BIGINT,
  settled_at BIGINT,
  status INT,
  format VARCHAR(24) CHARACTER SET ascii NOT NULL,
  content_type VARCHAR(200) NOT NULL,
  attributes TEXT NOT NULL,
  body MEDIUMBLOB NOT NULL,
  response BLOB,
  mt_id BINARY(16),
  UNIQUE KEY deliveries_once (message_id, route_id),
  KEY deliveries_due (state, target_id, due_at, id),
  KEY deliveries_device (device_id, id),
  KEY deliveries_target (target_id, id),
  KEY deliveries_route (route_id, id),
  KEY deliveries_state (state, id),
  KEY deliveries_settled (settled_at)
) ENGINE=InnoDB DEFAULT CHARACTER SET utf8mb4;

-- Which route made a message to a device, of which message; `position_at` where it tells a position.
CREATE TABLE IF NOT EXISTS mt_origins (
  mt_id BINARY(16) NOT NULL PRIMARY KEY,
  route_id BINARY(16) NOT NULL,
  delivery_id BINARY(16) NOT NULL,
  source_modem BINARY(16) NOT NULL,
  position_at BIGINT,
  KEY mt_origins_route (route_id, mt_id)
) ENGINE=InnoDB DEFAULT CHARACTER SET utf8mb4;

-- What Cloudloop calls a modem. It tells with each message, and is told when something is sent. `counted_at` is the newest session
-- of which was counted what the modem fetched in it.
CREATE TABLE IF NOT EXISTS cloudloop_things (
  modem_id BINARY(16) NOT NULL PRIMARY KEY,
  thing VARCHAR(200) NOT NULL,
  learned_at BIGINT NOT NULL,
  counted_at BIGINT
) ENGINE=InnoDB DEFAULT CHARACTER SET utf8mb4;

-- How many credits an account, a group or a device may spend in a day or a month (UTC). `warned_for` and `spent_for`
-- are the first day of the day or month of which a person was told that it is nearly spent, and that it is.
CREATE TABLE IF NOT EXISTS credit_budgets (
  id BINARY(16) NOT NULL PRIMARY KEY,
  scope VARCHAR(24) CHARACTER SET ascii NOT NULL,
  account VARCHAR(48) CHARACTER SET ascii,
  subject_id BINARY(16),
  period VARCHAR(24) CHARACTER SET ascii NOT NULL,
  credits BIGINT NOT NULL,
  warn_percent INT NOT NULL,
  warned_for INT,
  spent_for INT,
  same_key BINARY(32) NOT NULL,
  created_at BIGINT NOT NULL,
  created_by VARCHAR(200) NOT NULL,
  UNIQUE KEY credit_budgets_same (same_key)
) ENGINE=InnoDB DEFAULT CHARACTER SET utf8mb4;

-- What devices are told again and again. `at_minute` counts from midnight in `time_zone`; `next_at` is empty (NULL) while it is off.
CREATE TABLE IF NOT EXISTS mt_schedules (
  id BINARY(16) NOT NULL PRIMARY KEY,
  name VARCHAR(200) NOT NULL,
  target_kind VARCHAR(24) CHARACTER SET ascii NOT NULL,
  target_id BINARY(16) NOT NULL,
  told TEXT NOT NULL,
  days VARCHAR(200) NOT NULL,
  at_minute INT NOT NULL,
  time_zone VARCHAR(200) NOT NULL,
  next_at BIGINT,
  last_at BIGINT,
  last_result TEXT,
  created_at BIGINT NOT NULL,
  created_by VARCHAR(200) NOT NULL,
  changed_at BIGINT NOT NULL,
  KEY mt_schedules_next (next_at)
) ENGINE=InnoDB DEFAULT CHARACTER SET utf8mb4;

-- The queues at AWS that are known already become endpoints of the same numbers.
INSERT INTO endpoints (id, number, kind, name, name_key, enabled, config, secrets, created_at, created_by, changed_at)
SELECT id, number, 'sqs', label, label_key, 1, JSON_OBJECT('kind', 'sqs', 'url', url), NULL, created_at, 'migration', created_at
FROM sqs_queues WHERE id NOT IN (SELECT id FROM endpoints);
