-- Undoes this schema.
DROP TABLE mt_schedules;
DROP TABLE credit_budgets;
DROP TABLE cloudloop_things;
DROP TABLE mt_origins;
DROP TABLE deliveries;
DROP TABLE routes;
DROP TABLE endpoint_states;
DROP TABLE endpoints;
