-- Undoes the first schema: everything.
DROP TABLE IF EXISTS audit_log;
DROP TABLE IF EXISTS sessions;
DROP TABLE IF EXISTS sign_in_links;
DROP TABLE IF EXISTS api_tokens;
DROP TABLE IF EXISTS outbox;
DROP TABLE IF EXISTS problems;
DROP TABLE IF EXISTS momsn_gaps;
DROP TABLE IF EXISTS readings;
DROP TABLE IF EXISTS modem_states;
DROP TABLE IF EXISTS modems;
DROP TABLE IF EXISTS held_pushes;
DROP TABLE IF EXISTS signed_modems;
DROP TABLE IF EXISTS mo_keys;
DROP TABLE IF EXISTS mo_messages;
