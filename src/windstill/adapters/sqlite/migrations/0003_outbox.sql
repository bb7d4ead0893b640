-- Messages that jobs have ended. One for each job that asked for it, stored with the job's end.

ALTER TABLE jobs ADD COLUMN callback_url TEXT;
ALTER TABLE jobs ADD COLUMN callback_base TEXT;

CREATE TABLE outbox (
    job_id        TEXT PRIMARY KEY,
    callback_url  TEXT NOT NULL,
    callback_base TEXT NOT NULL,
    created_at    REAL NOT NULL,
    attempts      INTEGER NOT NULL,
    next_at       REAL,                      -- NULL: arrived, or given up
    delivered_at  REAL,
    problem       TEXT
) STRICT;

CREATE INDEX outbox_due ON outbox (next_at) WHERE next_at IS NOT NULL;
