-- People, what they wrote, what changed when, and how the processes are. Times are microseconds since 1970 (UTC); ids
-- are UUIDv7, 16 bytes (those of changes_pending are random: their order means nothing). The MySQL migration of the same
-- name gives the same tables and columns; a test compares them.

-- `name_key` is the name without regard to case; `password` is a PHC string of argon2id.
CREATE TABLE people (
  id BLOB NOT NULL PRIMARY KEY,
  name TEXT NOT NULL,
  name_key TEXT NOT NULL,
  role TEXT NOT NULL,
  password TEXT,
  disabled BOOLEAN NOT NULL,
  preferences TEXT,
  created_at BIGINT NOT NULL,
  last_sign_in_at BIGINT
) WITHOUT ROWID;
CREATE UNIQUE INDEX people_name ON people (name_key);

-- Whose a session is. The first administrator's has no person yet; one without a row began with a token.
CREATE TABLE person_sessions (
  hash BLOB NOT NULL PRIMARY KEY,
  person_id BLOB,
  by_link BOOLEAN NOT NULL
) WITHOUT ROWID;
CREATE INDEX person_sessions_person ON person_sessions (person_id);

-- The token with which a session began: it ends with the token.
CREATE TABLE token_sessions (
  hash BLOB NOT NULL PRIMARY KEY,
  token_id BLOB NOT NULL
) WITHOUT ROWID;
CREATE INDEX token_sessions_token ON token_sessions (token_id);

-- Whom a one-time link lets in. One without a row is nobody's.
CREATE TABLE person_links (
  hash BLOB NOT NULL PRIMARY KEY,
  person_id BLOB NOT NULL
) WITHOUT ROWID;
CREATE INDEX person_links_person ON person_links (person_id);

-- What a token is limited to. One without a row is not limited.
CREATE TABLE token_scopes (
  token_id BLOB NOT NULL,
  scope TEXT NOT NULL,
  PRIMARY KEY (token_id, scope)
) WITHOUT ROWID;

-- What people write about a modem.
CREATE TABLE modem_notes (
  id BLOB NOT NULL PRIMARY KEY,
  modem_id BLOB NOT NULL,
  at BIGINT NOT NULL,
  author TEXT NOT NULL,
  text TEXT NOT NULL
) WITHOUT ROWID;
CREATE INDEX modem_notes_modem ON modem_notes (modem_id, id);

-- Numbers that are given out once, in the transaction that uses them.
CREATE TABLE sequences (
  name TEXT NOT NULL PRIMARY KEY,
  last BIGINT NOT NULL
) WITHOUT ROWID;

-- What units of work have changed, until it has its place in the feed: ids by kind, as JSON.
CREATE TABLE changes_pending (
  id BLOB NOT NULL PRIMARY KEY,
  body TEXT NOT NULL
) WITHOUT ROWID;

-- The change feed. `seq` follows the order of commits without a hole; how the things are now is looked up.
CREATE TABLE changes (
  seq BIGINT NOT NULL PRIMARY KEY,
  at BIGINT NOT NULL,
  body TEXT NOT NULL
) WITHOUT ROWID;

-- What each process says of itself every few seconds, as JSON.
CREATE TABLE service_reports (
  process TEXT NOT NULL PRIMARY KEY,
  reported_at BIGINT NOT NULL,
  report TEXT NOT NULL
) WITHOUT ROWID;

-- What was done once in the life of an installation.
CREATE TABLE milestones (
  name TEXT NOT NULL PRIMARY KEY,
  at BIGINT NOT NULL,
  actor TEXT NOT NULL
) WITHOUT ROWID;
