-- Devices on the line: the registry, the hub's rooms, firmware and roll-outs. Times are microseconds since 1970 (UTC); ids
-- are UUIDv7, 16 bytes. The SQLite migration of the same name gives the same tables and columns; a test compares them.
-- MySQL commits each CREATE TABLE by itself: IF NOT EXISTS lets an interrupted migration run again.

-- What there is in the field. `number` is the one that old scripts know, by kind; `name_key` is the name without regard to
-- case, empty (NULL) once the device was deleted, so that the name is free again and its history stays.
CREATE TABLE IF NOT EXISTS devices (
  id BINARY(16) NOT NULL PRIMARY KEY,
  number BIGINT NOT NULL,
  kind VARCHAR(24) CHARACTER SET ascii NOT NULL,
  name VARCHAR(200) NOT NULL,
  name_key VARCHAR(200) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin,
  serial VARCHAR(200),
  key_hash BINARY(32),
  created_at BIGINT NOT NULL,
  created_by VARCHAR(200) NOT NULL,
  deleted_at BIGINT,
  UNIQUE KEY devices_name (name_key),
  UNIQUE KEY devices_number (kind, number),
  KEY devices_kind (kind, name_key)
) ENGINE=InnoDB DEFAULT CHARACTER SET utf8mb4;

-- Which modem was in which device, from when until when: to whom a message of that time belongs. The open_ columns repeat
-- device and modem while the link lasts, so that neither can have two.
CREATE TABLE IF NOT EXISTS device_links (
  id BINARY(16) NOT NULL PRIMARY KEY,
  device_id BINARY(16) NOT NULL,
  modem_id BINARY(16) NOT NULL,
  since BIGINT NOT NULL,
  until BIGINT,
  linked_by VARCHAR(200) NOT NULL,
  unlinked_by VARCHAR(200),
  open_device BINARY(16),
  open_modem BINARY(16),
  UNIQUE KEY device_links_open_device (open_device),
  UNIQUE KEY device_links_open_modem (open_modem),
  KEY device_links_modem (modem_id, id),
  KEY device_links_device (device_id, id)
) ENGINE=InnoDB DEFAULT CHARACTER SET utf8mb4;

-- The numbers by which old scripts know modems, given out when such a script asks.
CREATE TABLE IF NOT EXISTS modem_numbers (
  modem_id BINARY(16) NOT NULL PRIMARY KEY,
  number BIGINT NOT NULL,
  UNIQUE KEY modem_numbers_number (number)
) ENGINE=InnoDB DEFAULT CHARACTER SET utf8mb4;

-- Groups of devices, for people and roll-outs.
CREATE TABLE IF NOT EXISTS device_groups (
  id BINARY(16) NOT NULL PRIMARY KEY,
  name VARCHAR(200) NOT NULL,
  name_key VARCHAR(200) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NOT NULL,
  created_at BIGINT NOT NULL,
  UNIQUE KEY device_groups_name (name_key)
) ENGINE=InnoDB DEFAULT CHARACTER SET utf8mb4;

-- Which device is in which group.
CREATE TABLE IF NOT EXISTS group_members (
  group_id BINARY(16) NOT NULL,
  device_id BINARY(16) NOT NULL,
  PRIMARY KEY (group_id, device_id),
  KEY group_members_device (device_id)
) ENGINE=InnoDB DEFAULT CHARACTER SET utf8mb4;

-- Queues at AWS by the label that people know them by.
CREATE TABLE IF NOT EXISTS sqs_queues (
  id BINARY(16) NOT NULL PRIMARY KEY,
  number BIGINT NOT NULL,
  label VARCHAR(200) NOT NULL,
  label_key VARCHAR(200) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NOT NULL,
  url TEXT NOT NULL,
  created_at BIGINT NOT NULL,
  UNIQUE KEY sqs_queues_label (label_key),
  UNIQUE KEY sqs_queues_number (number)
) ENGINE=InnoDB DEFAULT CHARACTER SET utf8mb4;

-- Until when devices may register without a secret. One row.
CREATE TABLE IF NOT EXISTS registration_windows (
  name VARCHAR(24) CHARACTER SET ascii NOT NULL PRIMARY KEY,
  until BIGINT NOT NULL,
  opened_by VARCHAR(200) NOT NULL
) ENGINE=InnoDB DEFAULT CHARACTER SET utf8mb4;

-- Where a device's line is now, and what it said last. `epoch` grows with each connection; a hub that holds an older one has
-- lost the room.
CREATE TABLE IF NOT EXISTS rooms (
  name VARCHAR(200) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NOT NULL PRIMARY KEY,
  device_id BINARY(16),
  node BINARY(16),
  epoch BIGINT NOT NULL,
  connected_at BIGINT,
  disconnected_at BIGINT,
  address VARCHAR(200),
  state MEDIUMTEXT,
  state_at BIGINT,
  KEY rooms_node (node),
  KEY rooms_device (device_id)
) ENGINE=InnoDB DEFAULT CHARACTER SET utf8mb4;

-- The hubs that are alive: a room whose hub is past its time has nobody.
CREATE TABLE IF NOT EXISTS hub_nodes (
  node BINARY(16) NOT NULL PRIMARY KEY,
  lease_until BIGINT NOT NULL
) ENGINE=InnoDB DEFAULT CHARACTER SET utf8mb4;

-- Devices that wanted a line and were refused, bounded.
CREATE TABLE IF NOT EXISTS knocks (
  name VARCHAR(200) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NOT NULL PRIMARY KEY,
  first_at BIGINT NOT NULL,
  last_at BIGINT NOT NULL,
  times BIGINT NOT NULL,
  address VARCHAR(200) NOT NULL,
  why VARCHAR(200) NOT NULL,
  KEY knocks_last (last_at)
) ENGINE=InnoDB DEFAULT CHARACTER SET utf8mb4;

-- How each mirror of a firmware repository is.
CREATE TABLE IF NOT EXISTS firmware_sources (
  name VARCHAR(200) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NOT NULL PRIMARY KEY,
  looked_at BIGINT,
  fetched_at BIGINT,
  failed_at BIGINT,
  failure TEXT,
  bytes BIGINT NOT NULL
) ENGINE=InnoDB DEFAULT CHARACTER SET utf8mb4;

-- Versions that were chosen from a repository. `digest` is the SHA-256 of the list of files.
CREATE TABLE IF NOT EXISTS firmware_versions (
  id BINARY(16) NOT NULL PRIMARY KEY,
  source VARCHAR(200) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NOT NULL,
  revision VARCHAR(200) NOT NULL,
  commit_id VARCHAR(64) CHARACTER SET ascii NOT NULL,
  subject TEXT NOT NULL,
  author VARCHAR(200) NOT NULL,
  committed_at BIGINT NOT NULL,
  state VARCHAR(24) CHARACTER SET ascii NOT NULL,
  cause TEXT,
  digest BINARY(32),
  files BIGINT NOT NULL,
  directories BIGINT NOT NULL,
  bytes BIGINT NOT NULL,
  signature VARCHAR(24) CHARACTER SET ascii NOT NULL,
  signed_by VARCHAR(200),
  asked_by VARCHAR(200) NOT NULL,
  created_at BIGINT NOT NULL,
  ready_at BIGINT,
  UNIQUE KEY firmware_versions_commit (source, commit_id)
) ENGINE=InnoDB DEFAULT CHARACTER SET utf8mb4;

-- The files of a version. A path is as git knows it, without `./`.
CREATE TABLE IF NOT EXISTS firmware_files (
  version_id BINARY(16) NOT NULL,
  path VARCHAR(512) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NOT NULL,
  bytes BIGINT NOT NULL,
  sha1 VARCHAR(64) CHARACTER SET ascii NOT NULL,
  sha256 VARCHAR(64) CHARACTER SET ascii NOT NULL,
  PRIMARY KEY (version_id, path)
) ENGINE=InnoDB DEFAULT CHARACTER SET utf8mb4;

-- One version for one device. `number` is the device's word for it; `active_device` repeats the device while the job goes on,
-- so that there is one at most. `seen` has a bit for each file that this attempt has fetched, in the order of their paths.
CREATE TABLE IF NOT EXISTS upgrade_jobs (
  id BINARY(16) NOT NULL PRIMARY KEY,
  number BIGINT NOT NULL,
  device_id BINARY(16) NOT NULL,
  version_id BINARY(16) NOT NULL,
  rollout_id BINARY(16),
  state VARCHAR(24) CHARACTER SET ascii NOT NULL,
  cause TEXT,
  asked_by VARCHAR(200) NOT NULL,
  created_at BIGINT NOT NULL,
  offered_at BIGINT,
  started_at BIGINT,
  heard_at BIGINT,
  ended_at BIGINT,
  deadline_at BIGINT NOT NULL,
  timeout_s BIGINT NOT NULL,
  attempts INTEGER NOT NULL,
  files_done BIGINT NOT NULL,
  bytes_done BIGINT NOT NULL,
  current_file VARCHAR(512) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin,
  seen BLOB,
  call_device BOOLEAN NOT NULL,
  called_at BIGINT,
  active_device BINARY(16),
  cleared_at BIGINT,
  UNIQUE KEY upgrade_jobs_number (number),
  UNIQUE KEY upgrade_jobs_active (active_device),
  KEY upgrade_jobs_device (device_id, id),
  KEY upgrade_jobs_rollout (rollout_id),
  KEY upgrade_jobs_state (state, deadline_at)
) ENGINE=InnoDB DEFAULT CHARACTER SET utf8mb4;

-- The version that a device was seen with last.
CREATE TABLE IF NOT EXISTS device_firmware (
  device_id BINARY(16) NOT NULL PRIMARY KEY,
  version_id BINARY(16) NOT NULL,
  since BIGINT NOT NULL
) ENGINE=InnoDB DEFAULT CHARACTER SET utf8mb4;

-- A version for many devices, in stages.
CREATE TABLE IF NOT EXISTS rollouts (
  id BINARY(16) NOT NULL PRIMARY KEY,
  name VARCHAR(200) NOT NULL,
  version_id BINARY(16) NOT NULL,
  state VARCHAR(24) CHARACTER SET ascii NOT NULL,
  cause TEXT,
  created_by VARCHAR(200) NOT NULL,
  created_at BIGINT NOT NULL,
  needs_approval BOOLEAN NOT NULL,
  approved_by VARCHAR(200),
  approved_at BIGINT,
  call_devices BOOLEAN NOT NULL,
  job_timeout_s BIGINT NOT NULL,
  rolls_back BINARY(16),
  started_at BIGINT,
  ended_at BIGINT,
  KEY rollouts_state (state)
) ENGINE=InnoDB DEFAULT CHARACTER SET utf8mb4;

-- The stages of a roll-out, in order: how many must succeed before the next one, how many failures stop everything beside
-- those that a person has tolerated by going on.
CREATE TABLE IF NOT EXISTS rollout_stages (
  rollout_id BINARY(16) NOT NULL,
  ordinal INTEGER NOT NULL,
  success_percent INTEGER NOT NULL,
  error_percent INTEGER NOT NULL,
  tolerated INTEGER NOT NULL,
  state VARCHAR(24) CHARACTER SET ascii NOT NULL,
  started_at BIGINT,
  ended_at BIGINT,
  PRIMARY KEY (rollout_id, ordinal)
) ENGINE=InnoDB DEFAULT CHARACTER SET utf8mb4;

-- Each device of a roll-out, once.
CREATE TABLE IF NOT EXISTS rollout_targets (
  rollout_id BINARY(16) NOT NULL,
  device_id BINARY(16) NOT NULL,
  ordinal INTEGER NOT NULL,
  state VARCHAR(24) CHARACTER SET ascii NOT NULL,
  job_id BINARY(16),
  cause TEXT,
  PRIMARY KEY (rollout_id, device_id),
  KEY rollout_targets_stage (rollout_id, ordinal),
  KEY rollout_targets_device (device_id)
) ENGINE=InnoDB DEFAULT CHARACTER SET utf8mb4;
