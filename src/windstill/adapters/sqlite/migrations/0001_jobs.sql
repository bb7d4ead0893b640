-- Times are seconds since the epoch. Credits are whole numbers.

CREATE TABLE keys (
    id         TEXT PRIMARY KEY,
    name       TEXT NOT NULL,
    created_at REAL NOT NULL,
    revoked_at REAL,
    rate       REAL,
    job_limit  INTEGER,
    granted    INTEGER,                      -- NULL: without a limit
    spent      INTEGER NOT NULL DEFAULT 0,   -- always the sum of the key's charges in the ledger
    succeeded  INTEGER NOT NULL DEFAULT 0,
    failed     INTEGER NOT NULL DEFAULT 0,
    cancelled  INTEGER NOT NULL DEFAULT 0
) STRICT;

CREATE UNIQUE INDEX keys_name ON keys (name) WHERE revoked_at IS NULL;

CREATE TABLE secrets (
    digest     BLOB PRIMARY KEY,             -- SHA-256 of the whole secret
    prefix     TEXT NOT NULL,
    key_id     TEXT NOT NULL REFERENCES keys (id),
    created_at REAL NOT NULL,
    expires_at REAL
) STRICT;

CREATE INDEX secrets_prefix ON secrets (prefix);
CREATE INDEX secrets_key ON secrets (key_id);

CREATE TABLE jobs (
    id               TEXT PRIMARY KEY,
    key_id           TEXT NOT NULL REFERENCES keys (id),
    kind             TEXT NOT NULL,
    payload          TEXT NOT NULL,          -- JSON
    state            TEXT NOT NULL,
    priority         INTEGER NOT NULL,
    cost             INTEGER NOT NULL,
    attached         INTEGER NOT NULL,
    created_at       REAL NOT NULL,
    deadline         REAL NOT NULL,
    started_at       REAL,
    finished_at      REAL,
    expires_at       REAL,
    attempts         INTEGER NOT NULL,
    lease_token      TEXT,
    lease_holder     TEXT,
    lease_until      REAL,
    cancel_requested INTEGER NOT NULL,
    stage            TEXT,
    fraction         REAL NOT NULL,
    upload           TEXT,
    result_blob      TEXT,
    result_mime      TEXT,
    result_size      INTEGER,
    result_facts     TEXT,                   -- JSON
    failure_code     TEXT,
    failure_message  TEXT,
    failure_field    TEXT,
    idempotency_key  TEXT,
    fingerprint      TEXT,
    CHECK (state IN ('queued', 'running', 'succeeded', 'failed', 'cancelled', 'expired')),
    CHECK ((state = 'running') = (lease_token IS NOT NULL))
) STRICT;

-- What a key's unfinished jobs cost is what is reserved of its credits.
CREATE INDEX jobs_unfinished ON jobs (key_id) WHERE state IN ('queued', 'running');
CREATE INDEX jobs_waiting ON jobs (priority DESC, created_at, id) WHERE state = 'queued';
CREATE INDEX jobs_leases ON jobs (lease_until) WHERE state = 'running';
CREATE INDEX jobs_results ON jobs (expires_at) WHERE state = 'succeeded';
CREATE INDEX jobs_past ON jobs (finished_at) WHERE state IN ('failed', 'cancelled', 'expired');
CREATE INDEX jobs_of_key ON jobs (key_id, created_at DESC, id DESC);
CREATE UNIQUE INDEX jobs_idempotency ON jobs (key_id, idempotency_key)
    WHERE idempotency_key IS NOT NULL;

CREATE TABLE ledger (
    id     INTEGER PRIMARY KEY,
    key_id TEXT NOT NULL REFERENCES keys (id),
    job_id TEXT,                             -- the job may be forgotten, its charge is not
    reason TEXT NOT NULL CHECK (reason IN ('grant', 'charge')),
    amount INTEGER,                          -- NULL: the limit was lifted
    at     REAL NOT NULL,
    CHECK ((reason = 'charge') = (job_id IS NOT NULL))
) STRICT;

CREATE UNIQUE INDEX ledger_charges ON ledger (job_id) WHERE reason = 'charge';
CREATE INDEX ledger_key ON ledger (key_id);
