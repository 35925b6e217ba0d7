-- Messages to devices. Times are microseconds since 1970 (UTC); ids are UUIDv7, 16 bytes.
-- The MySQL migration of the same name gives the same tables and columns; a test compares them.

-- What is to be told to a device, and how far it has come.
CREATE TABLE mt_messages (
  id BLOB NOT NULL PRIMARY KEY,
  modem_id BLOB NOT NULL,
  imei TEXT NOT NULL,
  account TEXT NOT NULL,
  kind TEXT NOT NULL,
  value BIGINT,
  text TEXT NOT NULL,
  state TEXT NOT NULL,
  state_since BIGINT NOT NULL,
  cause TEXT NOT NULL,
  proof TEXT NOT NULL,
  created_at BIGINT NOT NULL,
  created_by TEXT NOT NULL,
  asked_by_message BLOB,
  request_key BLOB,
  expires_at BIGINT NOT NULL,
  not_before BIGINT NOT NULL,
  attempts INTEGER NOT NULL,
  attempt_id BLOB,
  lease_until BIGINT NOT NULL,
  sent_at BIGINT,
  provider_id TEXT,
  confirmed_by BLOB
) WITHOUT ROWID;
CREATE UNIQUE INDEX mt_messages_request ON mt_messages (request_key);
CREATE INDEX mt_messages_modem ON mt_messages (modem_id, state, id);
CREATE INDEX mt_messages_state ON mt_messages (state, id);
CREATE INDEX mt_messages_account ON mt_messages (account, state, id);

-- Every change of one, with its cause.
CREATE TABLE mt_history (
  id BLOB NOT NULL PRIMARY KEY,
  mt_id BLOB NOT NULL,
  at BIGINT NOT NULL,
  state TEXT NOT NULL,
  cause TEXT NOT NULL
) WITHOUT ROWID;
CREATE INDEX mt_history_mt ON mt_history (mt_id, id);

-- Every call of the provider, with what it costs: the ledger of credits. `day` counts from 1970-01-01 (UTC).
CREATE TABLE mt_calls (
  id BLOB NOT NULL PRIMARY KEY,
  mt_id BLOB NOT NULL,
  modem_id BLOB NOT NULL,
  account TEXT NOT NULL,
  day INTEGER NOT NULL,
  started_at BIGINT NOT NULL,
  ended_at BIGINT,
  outcome TEXT NOT NULL,
  credits INTEGER NOT NULL
) WITHOUT ROWID;
CREATE INDEX mt_calls_account ON mt_calls (account, day);
CREATE INDEX mt_calls_modem ON mt_calls (modem_id, day);
CREATE INDEX mt_calls_day ON mt_calls (day);

-- Accounts with a provider; their secrets are settings.
CREATE TABLE mt_accounts (
  name TEXT NOT NULL PRIMARY KEY,
  paused_since BIGINT,
  pause_reason TEXT,
  next_call_at BIGINT NOT NULL,
  unknown_in_a_row INTEGER NOT NULL
) WITHOUT ROWID;

-- What sending knows of a modem.
CREATE TABLE mt_modems (
  modem_id BLOB NOT NULL PRIMARY KEY,
  account TEXT,
  generation TEXT,
  fault TEXT,
  fault_at BIGINT,
  awaits BOOLEAN NOT NULL
) WITHOUT ROWID;
