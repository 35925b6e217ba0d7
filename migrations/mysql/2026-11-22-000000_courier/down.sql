-- Undoes the courier's schema.
DROP TABLE mt_modems;
DROP TABLE mt_accounts;
DROP TABLE mt_calls;
DROP TABLE mt_history;
DROP TABLE mt_messages;
