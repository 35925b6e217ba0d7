-- Devices on the line: the registry, the hub's rooms, firmware and roll-outs. Times are microseconds since 1970 (UTC); ids
-- are UUIDv7, 16 bytes. The MySQL migration of the same name gives the same tables and columns; a test compares them.

-- What there is in the field. `number` is the one that old scripts know, by kind; `name_key` is the name without regard to
-- case, empty (NULL) once the device was deleted, so that the name is free again and its history stays.
CREATE TABLE devices (
  id BLOB NOT NULL PRIMARY KEY,
  number BIGINT NOT NULL,
  kind TEXT NOT NULL,
  name TEXT NOT NULL,
  name_key TEXT,
  serial TEXT,
  key_hash BLOB,
  created_at BIGINT NOT NULL,
  created_by TEXT NOT NULL,
  deleted_at BIGINT
) WITHOUT ROWID;
CREATE UNIQUE INDEX devices_name ON devices (name_key);
CREATE UNIQUE INDEX devices_number ON devices (kind, number);
CREATE INDEX devices_kind ON devices (kind, name_key);

-- Which modem was in which device, from when until when: to whom a message of that time belongs. The open_ columns repeat
-- device and modem while the link lasts, so that neither can have two.
CREATE TABLE device_links (
  id BLOB NOT NULL PRIMARY KEY,
  device_id BLOB NOT NULL,
  modem_id BLOB NOT NULL,
  since BIGINT NOT NULL,
  until BIGINT,
  linked_by TEXT NOT NULL,
  unlinked_by TEXT,
  open_device BLOB,
  open_modem BLOB
) WITHOUT ROWID;
CREATE UNIQUE INDEX device_links_open_device ON device_links (open_device);
CREATE UNIQUE INDEX device_links_open_modem ON device_links (open_modem);
CREATE INDEX device_links_modem ON device_links (modem_id, id);
CREATE INDEX device_links_device ON device_links (device_id, id);

-- The numbers by which old scripts know modems, given out when such a script asks.
CREATE TABLE modem_numbers (
  modem_id BLOB NOT NULL PRIMARY KEY,
  number BIGINT NOT NULL
) WITHOUT ROWID;
CREATE UNIQUE INDEX modem_numbers_number ON modem_numbers (number);

-- Groups of devices, for people and roll-outs.
CREATE TABLE device_groups (
  id BLOB NOT NULL PRIMARY KEY,
  name TEXT NOT NULL,
  name_key TEXT NOT NULL,
  created_at BIGINT NOT NULL
) WITHOUT ROWID;
CREATE UNIQUE INDEX device_groups_name ON device_groups (name_key);

-- Which device is in which group.
CREATE TABLE group_members (
  group_id BLOB NOT NULL,
  device_id BLOB NOT NULL,
  PRIMARY KEY (group_id, device_id)
) WITHOUT ROWID;
CREATE INDEX group_members_device ON group_members (device_id);

-- Queues at AWS by the label that people know them by.
CREATE TABLE sqs_queues (
  id BLOB NOT NULL PRIMARY KEY,
  number BIGINT NOT NULL,
  label TEXT NOT NULL,
  label_key TEXT NOT NULL,
  url TEXT NOT NULL,
  created_at BIGINT NOT NULL
) WITHOUT ROWID;
CREATE UNIQUE INDEX sqs_queues_label ON sqs_queues (label_key);
CREATE UNIQUE INDEX sqs_queues_number ON sqs_queues (number);

-- Until when devices may register without a secret. One row.
CREATE TABLE registration_windows (
  name TEXT NOT NULL PRIMARY KEY,
  until BIGINT NOT NULL,
  opened_by TEXT NOT NULL
) WITHOUT ROWID;

-- Where a device's line is now, and what it said last. `epoch` grows with each connection; a hub that holds an older one has
-- lost the room.
CREATE TABLE rooms (
  name TEXT NOT NULL PRIMARY KEY,
  device_id BLOB,
  node BLOB,
  epoch BIGINT NOT NULL,
  connected_at BIGINT,
  disconnected_at BIGINT,
  address TEXT,
  state TEXT,
  state_at BIGINT
) WITHOUT ROWID;
CREATE INDEX rooms_node ON rooms (node);
CREATE INDEX rooms_device ON rooms (device_id);

-- The hubs that are alive: a room whose hub is past its time has nobody.
CREATE TABLE hub_nodes (
  node BLOB NOT NULL PRIMARY KEY,
  lease_until BIGINT NOT NULL
) WITHOUT ROWID;

-- Devices that wanted a line and were refused, bounded.
CREATE TABLE knocks (
  name TEXT NOT NULL PRIMARY KEY,
  first_at BIGINT NOT NULL,
  last_at BIGINT NOT NULL,
  times BIGINT NOT NULL,
  address TEXT NOT NULL,
  why TEXT NOT NULL
) WITHOUT ROWID;
CREATE INDEX knocks_last ON knocks (last_at);

-- How each mirror of a firmware repository is.
CREATE TABLE firmware_sources (
  name TEXT NOT NULL PRIMARY KEY,
  looked_at BIGINT,
  fetched_at BIGINT,
  failed_at BIGINT,
  failure TEXT,
  bytes BIGINT NOT NULL
) WITHOUT ROWID;

-- Versions that were chosen from a repository. `digest` is the SHA-256 of the list of files.
CREATE TABLE firmware_versions (
  id BLOB NOT NULL PRIMARY KEY,
  source TEXT NOT NULL,
  revision TEXT NOT NULL,
  commit_id TEXT NOT NULL,
  subject TEXT NOT NULL,
  author TEXT NOT NULL,
  committed_at BIGINT NOT NULL,
  state TEXT NOT NULL,
  cause TEXT,
  digest BLOB,
  files BIGINT NOT NULL,
  directories BIGINT NOT NULL,
  bytes BIGINT NOT NULL,
  signature TEXT NOT NULL,
  signed_by TEXT,
  asked_by TEXT NOT NULL,
  created_at BIGINT NOT NULL,
  ready_at BIGINT
) WITHOUT ROWID;
CREATE UNIQUE INDEX firmware_versions_commit ON firmware_versions (source, commit_id);

-- The files of a version. A path is as git knows it, without `./`.
CREATE TABLE firmware_files (
  version_id BLOB NOT NULL,
  path TEXT NOT NULL,
  bytes BIGINT NOT NULL,
  sha1 TEXT NOT NULL,
  sha256 TEXT NOT NULL,
  PRIMARY KEY (version_id, path)
) WITHOUT ROWID;

-- One version for one device. `number` is the device's word for it; `active_device` repeats the device while the job goes on,
-- so that there is one at most. `seen` has a bit for each file that this attempt has fetched, in the order of their paths.
CREATE TABLE upgrade_jobs (
  id BLOB NOT NULL PRIMARY KEY,
  number BIGINT NOT NULL,
  device_id BLOB NOT NULL,
  version_id BLOB NOT NULL,
  rollout_id BLOB,
  state TEXT NOT NULL,
  cause TEXT,
  asked_by TEXT NOT NULL,
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
  current_file TEXT,
  seen BLOB,
  call_device BOOLEAN NOT NULL,
  called_at BIGINT,
  active_device BLOB,
  cleared_at BIGINT
) WITHOUT ROWID;
CREATE UNIQUE INDEX upgrade_jobs_number ON upgrade_jobs (number);
CREATE UNIQUE INDEX upgrade_jobs_active ON upgrade_jobs (active_device);
CREATE INDEX upgrade_jobs_device ON upgrade_jobs (device_id, id);
CREATE INDEX upgrade_jobs_rollout ON upgrade_jobs (rollout_id);
CREATE INDEX upgrade_jobs_state ON upgrade_jobs (state, deadline_at);

-- The version that a device was seen with last.
CREATE TABLE device_firmware (
  device_id BLOB NOT NULL PRIMARY KEY,
  version_id BLOB NOT NULL,
  since BIGINT NOT NULL
) WITHOUT ROWID;

-- A version for many devices, in stages.
CREATE TABLE rollouts (
  id BLOB NOT NULL PRIMARY KEY,
  name TEXT NOT NULL,
  version_id BLOB NOT NULL,
  state TEXT NOT NULL,
  cause TEXT,
  created_by TEXT NOT NULL,
  created_at BIGINT NOT NULL,
  needs_approval BOOLEAN NOT NULL,
  approved_by TEXT,
  approved_at BIGINT,
  call_devices BOOLEAN NOT NULL,
  job_timeout_s BIGINT NOT NULL,
  rolls_back BLOB,
  started_at BIGINT,
  ended_at BIGINT
) WITHOUT ROWID;
CREATE INDEX rollouts_state ON rollouts (state);

-- The stages of a roll-out, in order: how many must succeed before the next one, how many failures stop everything beside
-- those that a person has tolerated by going on.
CREATE TABLE rollout_stages (
  rollout_id BLOB NOT NULL,
  ordinal INTEGER NOT NULL,
  success_percent INTEGER NOT NULL,
  error_percent INTEGER NOT NULL,
  tolerated INTEGER NOT NULL,
  state TEXT NOT NULL,
  started_at BIGINT,
  ended_at BIGINT,
  PRIMARY KEY (rollout_id, ordinal)
) WITHOUT ROWID;

-- Each device of a roll-out, once.
CREATE TABLE rollout_targets (
  rollout_id BLOB NOT NULL,
  device_id BLOB NOT NULL,
  ordinal INTEGER NOT NULL,
  state TEXT NOT NULL,
  job_id BLOB,
  cause TEXT,
  PRIMARY KEY (rollout_id, device_id)
) WITHOUT ROWID;
CREATE INDEX rollout_targets_stage ON rollout_targets (rollout_id, ordinal);
CREATE INDEX rollout_targets_device ON rollout_targets (device_id);
