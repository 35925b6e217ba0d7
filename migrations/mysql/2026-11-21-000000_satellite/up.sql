-- The satellite family's first schema. Times are microseconds since 1970 (UTC); ids are UUIDv7, 16 bytes.
-- The SQLite migration of the same name gives the same tables and columns; a test compares them.
-- MySQL commits each CREATE TABLE by itself: IF NOT EXISTS lets an interrupted migration run again.

-- What a modem sent, exactly as it was pushed, beside the fields that could be read.
CREATE TABLE IF NOT EXISTS mo_messages (
  id BINARY(16) NOT NULL PRIMARY KEY,
  provider VARCHAR(24) CHARACTER SET ascii NOT NULL,
  imei VARCHAR(15) CHARACTER SET ascii NOT NULL,
  momsn INT,
  transmitted_at BIGINT,
  transmit_time_raw VARCHAR(200),
  received_at BIGINT NOT NULL,
  trust VARCHAR(24) CHARACTER SET ascii NOT NULL,
  state VARCHAR(24) CHARACTER SET ascii NOT NULL,
  payload MEDIUMBLOB,
  payload_raw MEDIUMTEXT,
  device_type VARCHAR(200),
  serial VARCHAR(200),
  iridium_latitude DOUBLE,
  iridium_longitude DOUBLE,
  iridium_cep_km DOUBLE,
  session_status INT,
  modem_id BINARY(16),
  summary VARCHAR(500),
  marks TEXT,
  replaces BINARY(16),
  body MEDIUMBLOB NOT NULL,
  source MEDIUMTEXT NOT NULL,
  KEY mo_messages_imei (imei, id),
  KEY mo_messages_state (state, id)
) ENGINE=InnoDB DEFAULT CHARACTER SET utf8mb4;

-- Duplicate keys. They outlive purged messages.
CREATE TABLE IF NOT EXISTS mo_keys (
  dup_key BINARY(32) NOT NULL PRIMARY KEY,
  message_id BINARY(16) NOT NULL
) ENGINE=InnoDB DEFAULT CHARACTER SET utf8mb4;

-- IMEIs that the provider has signed for, and since when.
CREATE TABLE IF NOT EXISTS signed_modems (
  imei VARCHAR(15) CHARACTER SET ascii NOT NULL PRIMARY KEY,
  since BIGINT NOT NULL
) ENGINE=InnoDB DEFAULT CHARACTER SET utf8mb4;

-- Pushes that were not let in, kept as evidence. Bounded.
CREATE TABLE IF NOT EXISTS held_pushes (
  id BINARY(16) NOT NULL PRIMARY KEY,
  provider VARCHAR(24) CHARACTER SET ascii NOT NULL,
  why VARCHAR(24) CHARACTER SET ascii NOT NULL,
  reason TEXT NOT NULL,
  imei VARCHAR(15) CHARACTER SET ascii,
  dup_key BINARY(32),
  received_at BIGINT NOT NULL,
  body MEDIUMBLOB NOT NULL,
  source MEDIUMTEXT NOT NULL,
  KEY held_pushes_why (why, id),
  KEY held_pushes_dup_key (dup_key)
) ENGINE=InnoDB DEFAULT CHARACTER SET utf8mb4;

CREATE TABLE IF NOT EXISTS modems (
  id BINARY(16) NOT NULL PRIMARY KEY,
  imei VARCHAR(15) CHARACTER SET ascii NOT NULL UNIQUE,
  serial VARCHAR(200),
  dialect VARCHAR(24) CHARACTER SET ascii,
  first_seen_at BIGINT NOT NULL,
  first_trust VARCHAR(24) CHARACTER SET ascii NOT NULL,
  KEY modems_first (first_trust, first_seen_at)
) ENGINE=InnoDB DEFAULT CHARACTER SET utf8mb4;

-- What is known of a modem now. One row a modem, never a query over history.
CREATE TABLE IF NOT EXISTS modem_states (
  modem_id BINARY(16) NOT NULL PRIMARY KEY,
  last_message_id BINARY(16) NOT NULL,
  last_transmitted_at BIGINT NOT NULL,
  last_received_at BIGINT NOT NULL,
  momsn INT,
  fix_at BIGINT,
  fix_momsn INT,
  fix_latitude DOUBLE,
  fix_longitude DOUBLE,
  fix_message_id BINARY(16),
  estimate_at BIGINT,
  estimate_latitude DOUBLE,
  estimate_longitude DOUBLE,
  estimate_accuracy_m DOUBLE,
  estimate_message_id BINARY(16),
  report_at BIGINT,
  report_momsn INT,
  speed_m_s DOUBLE,
  course_deg DOUBLE,
  battery_v DOUBLE,
  interval_s BIGINT NOT NULL,
  interval_source VARCHAR(24) CHARACTER SET ascii NOT NULL,
  status VARCHAR(24) CHARACTER SET ascii,
  beacon_on BOOLEAN
) ENGINE=InnoDB DEFAULT CHARACTER SET utf8mb4;

-- One row for each message that the tracker has looked at: what was read, and where it stands in the line.
CREATE TABLE IF NOT EXISTS readings (
  message_id BINARY(16) NOT NULL PRIMARY KEY,
  modem_id BINARY(16) NOT NULL,
  transmitted_at BIGINT NOT NULL,
  momsn INT,
  device_at BIGINT NOT NULL,
  clock_ahead BOOLEAN NOT NULL,
  late BOOLEAN NOT NULL,
  kind VARCHAR(24) CHARACTER SET ascii NOT NULL,
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
  status VARCHAR(24) CHARACTER SET ascii,
  beacon_on BOOLEAN,
  dialect VARCHAR(24) CHARACTER SET ascii,
  KEY readings_line (modem_id, transmitted_at, momsn)
) ENGINE=InnoDB DEFAULT CHARACTER SET utf8mb4;

-- Message numbers that were used and never arrived, between two messages that did.
CREATE TABLE IF NOT EXISTS momsn_gaps (
  before_message BINARY(16) NOT NULL PRIMARY KEY,
  modem_id BINARY(16) NOT NULL,
  first_momsn INT NOT NULL,
  last_momsn INT NOT NULL,
  missing BIGINT NOT NULL,
  after_at BIGINT NOT NULL,
  before_at BIGINT NOT NULL,
  KEY momsn_gaps_modem (modem_id, before_at)
) ENGINE=InnoDB DEFAULT CHARACTER SET utf8mb4;

-- Things that a person should look at. (kind, subject) is the natural key.
CREATE TABLE IF NOT EXISTS problems (
  id BINARY(16) NOT NULL PRIMARY KEY,
  kind VARCHAR(24) CHARACTER SET ascii NOT NULL,
  subject VARCHAR(128) NOT NULL,
  reason TEXT NOT NULL,
  state VARCHAR(24) CHARACTER SET ascii NOT NULL,
  created_at BIGINT NOT NULL,
  changed_at BIGINT NOT NULL,
  modem_id BINARY(16),
  imei VARCHAR(15) CHARACTER SET ascii,
  message_id BINARY(16),
  held_id BINARY(16),
  excerpt TEXT,
  UNIQUE KEY problems_subject (kind, subject),
  KEY problems_state (state, id),
  KEY problems_modem (state, modem_id)
) ENGINE=InnoDB DEFAULT CHARACTER SET utf8mb4;

-- Messages to other services, written in the transaction of the change that they follow.
CREATE TABLE IF NOT EXISTS outbox (
  id BINARY(16) NOT NULL PRIMARY KEY,
  queue VARCHAR(64) CHARACTER SET ascii NOT NULL,
  body MEDIUMTEXT NOT NULL,
  attempt INT NOT NULL,
  not_before BIGINT NOT NULL,
  claimed_until BIGINT NOT NULL,
  KEY outbox_due (queue, not_before, id),
  KEY outbox_next (not_before, id)
) ENGINE=InnoDB DEFAULT CHARACTER SET utf8mb4;

CREATE TABLE IF NOT EXISTS api_tokens (
  id BINARY(16) NOT NULL PRIMARY KEY,
  name VARCHAR(200) NOT NULL,
  role VARCHAR(24) CHARACTER SET ascii NOT NULL,
  hash BINARY(32) NOT NULL UNIQUE,
  created_at BIGINT NOT NULL,
  expires_at BIGINT,
  last_used_at BIGINT
) ENGINE=InnoDB DEFAULT CHARACTER SET utf8mb4;

CREATE TABLE IF NOT EXISTS sign_in_links (
  hash BINARY(32) NOT NULL PRIMARY KEY,
  role VARCHAR(24) CHARACTER SET ascii NOT NULL,
  expires_at BIGINT NOT NULL,
  used_at BIGINT
) ENGINE=InnoDB DEFAULT CHARACTER SET utf8mb4;

CREATE TABLE IF NOT EXISTS sessions (
  hash BINARY(32) NOT NULL PRIMARY KEY,
  id BINARY(16) NOT NULL,
  name VARCHAR(200) NOT NULL,
  role VARCHAR(24) CHARACTER SET ascii NOT NULL,
  csrf VARCHAR(64) CHARACTER SET ascii NOT NULL,
  created_at BIGINT NOT NULL,
  expires_at BIGINT NOT NULL,
  KEY sessions_expires (expires_at)
) ENGINE=InnoDB DEFAULT CHARACTER SET utf8mb4;

-- Every change made by a person or a program in a person's name.
CREATE TABLE IF NOT EXISTS audit_log (
  id BINARY(16) NOT NULL PRIMARY KEY,
  at BIGINT NOT NULL,
  actor VARCHAR(200) NOT NULL,
  action VARCHAR(200) NOT NULL,
  subject VARCHAR(128) NOT NULL,
  detail TEXT NOT NULL
) ENGINE=InnoDB DEFAULT CHARACTER SET utf8mb4;
