-- Undoes this schema.
DROP TABLE milestones;
DROP TABLE service_reports;
DROP TABLE changes;
DROP TABLE changes_pending;
DROP TABLE sequences;
DROP TABLE modem_notes;
DROP TABLE token_scopes;
DROP TABLE person_links;
DROP TABLE token_sessions;
DROP TABLE person_sessions;
DROP TABLE people;
