-- Messages to devices. Times are microseconds since 1970 (UTC); ids are UUIDv7, 16 bytes.
-- The SQLite migration of the same name gives the same tables and columns; a test compares them.
-- MySQL commits each CREATE TABLE by itself: IF NOT EXISTS lets an interrupted migration run again.

-- What is to be told to a device, and how far it has come.
CREATE TABLE IF NOT EXISTS mt_messages (
  id BINARY(16) NOT NULL PRIMARY KEY,
  modem_id BINARY(16) NOT NULL,
  imei VARCHAR(15) CHARACTER SET ascii NOT NULL,
  account VARCHAR(48) CHARACTER SET ascii NOT NULL,
  kind VARCHAR(24) CHARACTER SET ascii NOT NULL,
  value BIGINT,
  text TEXT NOT NULL,
  state VARCHAR(24) CHARACTER SET ascii NOT NULL,
  state_since BIGINT NOT NULL,
  cause TEXT NOT NULL,
  proof VARCHAR(24) CHARACTER SET ascii NOT NULL,
  created_at BIGINT NOT NULL,
  created_by VARCHAR(200) NOT NULL,
  asked_by_message BINARY(16),
  request_key BINARY(32),
  expires_at BIGINT NOT NULL,
  not_before BIGINT NOT NULL,
  attempts INT NOT NULL,
  attempt_id BINARY(16),
  lease_until BIGINT NOT NULL,
  sent_at BIGINT,
  provider_id VARCHAR(64),
  confirmed_by BINARY(16),
  UNIQUE KEY mt_messages_request (request_key),
  KEY mt_messages_modem (modem_id, state, id),
  KEY mt_messages_state (state, id),
  KEY mt_messages_account (account, state, id)
) ENGINE=InnoDB DEFAULT CHARACTER SET utf8mb4;

-- Every change of one, with its cause.
CREATE TABLE IF NOT EXISTS mt_history (
  id BINARY(16) NOT NULL PRIMARY KEY,
  mt_id BINARY(16) NOT NULL,
  at BIGINT NOT NULL,
  state VARCHAR(24) CHARACTER SET ascii NOT NULL,
  cause TEXT NOT NULL,
  KEY mt_history_mt (mt_id, id)
) ENGINE=InnoDB DEFAULT CHARACTER SET utf8mb4;

-- Every call of the provider, with what it costs: the ledger of credits. `day` counts from 1970-01-01 (UTC).
CREATE TABLE IF NOT EXISTS mt_calls (
  id BINARY(16) NOT NULL PRIMARY KEY,
  mt_id BINARY(16) NOT NULL,
  modem_id BINARY(16) NOT NULL,
  account VARCHAR(48) CHARACTER SET ascii NOT NULL,
  day INT NOT NULL,
  started_at BIGINT NOT NULL,
  ended_at BIGINT,
  outcome VARCHAR(24) CHARACTER SET ascii NOT NULL,
  credits INT NOT NULL,
  KEY mt_calls_account (account, day),
  KEY mt_calls_modem (modem_id, day),
  KEY mt_calls_day (day)
) ENGINE=InnoDB DEFAULT CHARACTER SET utf8mb4;

-- Accounts with a provider; their secrets are settings.
CREATE TABLE IF NOT EXISTS mt_accounts (
  name VARCHAR(48) CHARACTER SET ascii NOT NULL PRIMARY KEY,
  paused_since BIGINT,
  pause_reason TEXT,
  next_call_at BIGINT NOT NULL,
  unknown_in_a_row INT NOT NULL
) ENGINE=InnoDB DEFAULT CHARACTER SET utf8mb4;

-- What sending knows of a modem.
CREATE TABLE IF NOT EXISTS mt_modems (
  modem_id BINARY(16) NOT NULL PRIMARY KEY,
  account VARCHAR(48) CHARACTER SET ascii,
  generation VARCHAR(24) CHARACTER SET ascii,
  fault TEXT,
  fault_at BIGINT,
  awaits BOOLEAN NOT NULL
) ENGINE=InnoDB DEFAULT CHARACTER SET utf8mb4;
