-- Undoes the first schema: everything.
DROP TABLE audit_log;
DROP TABLE sessions;
DROP TABLE sign_in_links;
DROP TABLE api_tokens;
DROP TABLE outbox;
DROP TABLE problems;
DROP TABLE momsn_gaps;
DROP TABLE readings;
DROP TABLE modem_states;
DROP TABLE modems;
DROP TABLE held_pushes;
DROP TABLE signed_modems;
DROP TABLE mo_keys;
DROP TABLE mo_messages;
