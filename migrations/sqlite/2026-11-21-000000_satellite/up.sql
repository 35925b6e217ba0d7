-- The satellite family's first schema. Times are microseconds since 1970 (UTC); ids are UUIDv7, 16 bytes.
-- The MySQL migration of the same name gives the same tables and columns; a test compares them.

-- What a modem sent, exactly as it was pushed, beside the fields that could be read.
CREATE TABLE mo_messages (
  id BLOB NOT NULL PRIMARY KEY,
  provider TEXT NOT NULL,
  imei TEXT NOT NULL,
  momsn INTEGER,
  transmitted_at BIGINT,
  transmit_time_raw TEXT,
  received_at BIGINT NOT NULL,
  trust TEXT NOT NULL,
  state TEXT NOT NULL,
  payload BLOB,
  payload_raw TEXT,
  device_type TEXT,
  serial TEXT,
  iridium_latitude DOUBLE,
  iridium_longitude DOUBLE,
  iridium_cep_km DOUBLE,
  session_status INTEGER,
  modem_id BLOB,
  summary TEXT,
  marks TEXT,
  replaces BLOB,
  body BLOB NOT NULL,
  source TEXT NOT NULL
);
CREATE INDEX mo_messages_imei ON mo_messages (imei, id);
CREATE INDEX mo_messages_state ON mo_messages (state, id);

-- Duplicate keys. They outlive purged messages.
CREATE TABLE mo_keys (
  dup_key BLOB NOT NULL PRIMARY KEY,
  message_id BLOB NOT NULL
) WITHOUT ROWID;

-- IMEIs that the provider has signed for, and since when.
CREATE TABLE signed_modems (
  imei TEXT NOT NULL PRIMARY KEY,
  since BIGINT NOT NULL
) WITHOUT ROWID;

-- Pushes that were not let in, kept as evidence. Bounded.
CREATE TABLE held_pushes (
  id BLOB NOT NULL PRIMARY KEY,
  provider TEXT NOT NULL,
  why TEXT NOT NULL,
  reason TEXT NOT NULL,
  imei TEXT,
  dup_key BLOB,
  received_at BIGINT NOT NULL,
  body BLOB NOT NULL,
  source TEXT NOT NULL
) WITHOUT ROWID;
CREATE INDEX held_pushes_why ON held_pushes (why, id);
CREATE INDEX held_pushes_dup_key ON held_pushes (dup_key);

CREATE TABLE modems (
  id BLOB NOT NULL PRIMARY KEY,
  imei TEXT NOT NULL UNIQUE,
  serial TEXT,
  dialect TEXT,
  first_seen_at BIGINT NOT NULL,
  first_trust TEXT NOT NULL
) WITHOUT ROWID;
CREATE INDEX modems_first ON modems (first_trust, first_seen_at);

-- What is known of a modem now. One row a modem, never a query over history.
CREATE TABLE modem_states (
  modem_id BLOB NOT NULL PRIMARY KEY,
  last_message_id BLOB NOT NULL,
  last_transmitted_at BIGINT NOT NULL,
  last_received_at BIGINT NOT NULL,
  momsn INTEGER,
  fix_at BIGINT,
  fix_momsn INTEGER,
  fix_latitude DOUBLE,
  fix_longitude DOUBLE,
  fix_message_id BLOB,
  estimate_at BIGINT,
  estimate_latitude DOUBLE,
  estimate_longitude DOUBLE,
  estimate_accuracy_m DOUBLE,
  estimate_message_id BLOB,
  report_at BIGINT,
  report_momsn INTEGER,
  speed_m_s DOUBLE,
  course_deg DOUBLE,
  battery_v DOUBLE,
  interval_s BIGINT NOT NULL,
  interval_source TEXT NOT NULL,
  status TEXT,
  beacon_on BOOLEAN
) WITHOUT ROWID;

-- One row for each message that the tracker has looked at: what was read, and where it stands in the line.
CREATE TABLE readings (
  message_id BLOB NOT NULL PRIMARY KEY,
  modem_id BLOB NOT NULL,
  transmitted_at BIGINT NOT NULL,
  momsn INTEGER,
  device_at BIGINT NOT NULL,
  clock_ahead BOOLEAN NOT NULL,
  late BOOLEAN NOT NULL,
  kind TEXT NOT NULL,
  latitude DOUBLE,
  longitude DOUBLE,
  estimate_latitude DOUBLE,
  estimate_longitude DOUBLE,
  estimate_accuracy_m DOUBLE,
  speed_m_s DOUBLE,
  course_deg DOUBLE,
  battery_v DOUBLE,
  interval_s BIGINT,
  sleep_s BIGINT,
  status TEXT,
  beacon_on BOOLEAN,
  dialect TEXT
) WITHOUT ROWID;
CREATE INDEX readings_line ON readings (modem_id, transmitted_at, momsn);

-- Message numbers that were used and never arrived, between two messages that did.
CREATE TABLE momsn_gaps (
  before_message BLOB NOT NULL PRIMARY KEY,
  modem_id BLOB NOT NULL,
  first_momsn INTEGER NOT NULL,
  last_momsn INTEGER NOT NULL,
  missing BIGINT NOT NULL,
  after_at BIGINT NOT NULL,
  before_at BIGINT NOT NULL
) WITHOUT ROWID;
CREATE INDEX momsn_gaps_modem ON momsn_gaps (modem_id, before_at);

-- Things that a person should look at. (kind, subject) is the natural key.
CREATE TABLE problems (
  id BLOB NOT NULL PRIMARY KEY,
  kind TEXT NOT NULL,
  subject TEXT NOT NULL,
  reason TEXT NOT NULL,
  state TEXT NOT NULL,
  created_at BIGINT NOT NULL,
  changed_at BIGINT NOT NULL,
  modem_id BLOB,
  imei TEXT,
  message_id BLOB,
  held_id BLOB,
  excerpt TEXT
) WITHOUT ROWID;
CREATE UNIQUE INDEX problems_subject ON problems (kind, subject);
CREATE INDEX problems_state ON problems (state, id);
CREATE INDEX problems_modem ON problems (state, modem_id);

-- Messages to other services, written in the transaction of the change that they follow.
CREATE TABLE outbox (
  id BLOB NOT NULL PRIMARY KEY,
  queue TEXT NOT NULL,
  body TEXT NOT NULL,
  attempt INTEGER NOT NULL,
  not_before BIGINT NOT NULL,
  claimed_until BIGINT NOT NULL
) WITHOUT ROWID;
CREATE INDEX outbox_due ON outbox (queue, not_before, id);
CREATE INDEX outbox_next ON outbox (not_before, id);

CREATE TABLE api_tokens (
  id BLOB NOT NULL PRIMARY KEY,
  name TEXT NOT NULL,
  role TEXT NOT NULL,
  hash BLOB NOT NULL UNIQUE,
  created_at BIGINT NOT NULL,
  expires_at BIGINT,
  last_used_at BIGINT
) WITHOUT ROWID;

CREATE TABLE sign_in_links (
  hash BLOB NOT NULL PRIMARY KEY,
  role TEXT NOT NULL,
  expires_at BIGINT NOT NULL,
  used_at BIGINT
) WITHOUT ROWID;

CREATE TABLE sessions (
  hash BLOB NOT NULL PRIMARY KEY,
  id BLOB NOT NULL,
  name TEXT NOT NULL,
  role TEXT NOT NULL,
  csrf TEXT NOT NULL,
  created_at BIGINT NOT NULL,
  expires_at BIGINT NOT NULL
) WITHOUT ROWID;
CREATE INDEX sessions_expires ON sessions (expires_at);

-- Every change made by a person or a program in a person's name.
CREATE TABLE audit_log (
  id BLOB NOT NULL PRIMARY KEY,
  at BIGINT NOT NULL,
  actor TEXT NOT NULL,
  action TEXT NOT NULL,
  subject TEXT NOT NULL,
  detail TEXT NOT NULL
) WITHOUT ROWID;
