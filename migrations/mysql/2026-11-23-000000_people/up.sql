-- People, what they wrote, what changed when, and how the processes are. Times are microseconds since 1970 (UTC); ids
-- are UUIDv7, 16 bytes (those of changes_pending are random: their order means nothing). The SQLite migration of the same
-- name gives the same tables and columns; a test compares them.
-- MySQL commits each CREATE TABLE by itself: IF NOT EXISTS lets an interrupted migration run again.

-- `name_key` is the name without regard to case; `password` is a PHC string of argon2id.
CREATE TABLE IF NOT EXISTS people (
  id BINARY(16) NOT NULL PRIMARY KEY,
  name VARCHAR(64) NOT NULL,
  name_key VARCHAR(200) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NOT NULL,
  role VARCHAR(24) CHARACTER SET ascii NOT NULL,
  password VARCHAR(255) CHARACTER SET ascii,
  disabled BOOLEAN NOT NULL,
  preferences TEXT,
  created_at BIGINT NOT NULL,
  last_sign_in_at BIGINT,
  UNIQUE KEY people_name (name_key)
) ENGINE=InnoDB DEFAULT CHARACTER SET utf8mb4;

-- Whose a session is. The first administrator's has no person yet; one without a row began with a token.
CREATE TABLE IF NOT EXISTS person_sessions (
  hash BINARY(32) NOT NULL PRIMARY KEY,
  person_id BINARY(16),
  by_link BOOLEAN NOT NULL,
  KEY person_sessions_person (person_id)
) ENGINE=InnoDB DEFAULT CHARACTER SET utf8mb4;

-- The token with which a session began: it ends with the token.
CREATE TABLE IF NOT EXISTS token_sessions (
  hash BINARY(32) NOT NULL PRIMARY KEY,
  token_id BINARY(16) NOT NULL,
  KEY token_sessions_token (token_id)
) ENGINE=InnoDB DEFAULT CHARACTER SET utf8mb4;

-- Whom a one-time link lets in. One without a row is nobody's.
CREATE TABLE IF NOT EXISTS person_links (
  hash BINARY(32) NOT NULL PRIMARY KEY,
  person_id BINARY(16) NOT NULL,
  KEY person_links_person (person_id)
) ENGINE=InnoDB DEFAULT CHARACTER SET utf8mb4;

-- What a token is limited to. One without a row is not limited.
CREATE TABLE IF NOT EXISTS token_scopes (
  token_id BINARY(16) NOT NULL,
  scope VARCHAR(24) CHARACTER SET ascii NOT NULL,
  PRIMARY KEY (token_id, scope)
) ENGINE=InnoDB DEFAULT CHARACTER SET utf8mb4;

-- What people write about a modem.
CREATE TABLE IF NOT EXISTS modem_notes (
  id BINARY(16) NOT NULL PRIMARY KEY,
  modem_id BINARY(16) NOT NULL,
  at BIGINT NOT NULL,
  author VARCHAR(200) NOT NULL,
  text TEXT NOT NULL,
  KEY modem_notes_modem (modem_id, id)
) ENGINE=InnoDB DEFAULT CHARACTER SET utf8mb4;

-- Numbers that are given out once, in the transaction that uses them.
CREATE TABLE IF NOT EXISTS sequences (
  name VARCHAR(48) CHARACTER SET ascii NOT NULL PRIMARY KEY,
  last BIGINT NOT NULL
) ENGINE=InnoDB DEFAULT CHARACTER SET utf8mb4;

-- What units of work have changed, until it has its place in the feed: ids by kind, as JSON.
CREATE TABLE IF NOT EXISTS changes_pending (
  id BINARY(16) NOT NULL PRIMARY KEY,
  body MEDIUMTEXT NOT NULL
) ENGINE=InnoDB DEFAULT CHARACTER SET utf8mb4;

-- The change feed. `seq` follows the order of commits without a hole; how the things are now is looked up.
CREATE TABLE IF NOT EXISTS changes (
  seq BIGINT NOT NULL PRIMARY KEY,
  at BIGINT NOT NULL,
  body MEDIUMTEXT NOT NULL
) ENGINE=InnoDB DEFAULT CHARACTER SET utf8mb4;

-- What each process says of itself every few seconds, as JSON.
CREATE TABLE IF NOT EXISTS service_reports (
  process VARCHAR(200) NOT NULL PRIMARY KEY,
  reported_at BIGINT NOT NULL,
  report MEDIUMTEXT NOT NULL
) ENGINE=InnoDB DEFAULT CHARACTER SET utf8mb4;

-- What was done once in the life of an installation.
CREATE TABLE IF NOT EXISTS milestones (
  name VARCHAR(48) CHARACTER SET ascii NOT NULL PRIMARY KEY,
  at BIGINT NOT NULL,
  actor VARCHAR(200) NOT NULL
) ENGINE=InnoDB DEFAULT CHARACTER SET utf8mb4;
