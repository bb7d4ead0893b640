-- Times are seconds since the epoch. Credits are whole numbers. Ids sort as bytes.

CREATE TABLE keys (
    id         text COLLATE "C" PRIMARY KEY,
    name       text NOT NULL,
    created_at double precision NOT NULL,
    revoked_at double precision,
    rate       double precision,
    job_limit  bigint,
    granted    bigint,                     -- NULL: without a limit
    spent      bigint NOT NULL DEFAULT 0,  -- always the sum of the key's charges in the ledger
    succeeded  bigint NOT NULL DEFAULT 0,
    failed     bigint NOT NULL DEFAULT 0,
    cancelled  bigint NOT NULL DEFAULT 0
);

CREATE UNIQUE INDEX keys_name ON keys (name) WHERE revoked_at IS NULL;

CREATE TABLE secrets (
    digest     bytea PRIMARY KEY,          -- SHA-256 of the whole secret
    prefix     text NOT NULL,
    key_id     text COLLATE "C" NOT NULL REFERENCES keys (id),
    created_at double precision NOT NULL,
    expires_at double precision
);

CREATE INDEX secrets_prefix ON secrets (prefix);
CREATE INDEX secrets_key ON secrets (key_id);

-- Pages are left a little empty, for the signs of life of running jobs.
CREATE TABLE jobs (
    id               text COLLATE "C" PRIMARY KEY,
    key_id           text COLLATE "C" NOT NULL REFERENCES keys (id),
    kind             text NOT NULL,
    payload          text NOT NULL,        -- JSON
    state            text NOT NULL,
    priority         integer NOT NULL,
    cost             bigint NOT NULL,
    attached         boolean NOT NULL,
    created_at       double precision NOT NULL,
    deadline         double precision NOT NULL,
    started_at       double precision,
    finished_at      double precision,
    expires_at       double precision,
    attempts         integer NOT NULL,
    offered_at       double precision,     -- when its message was last put into a queue
    lease_token      text,
    lease_holder     text,
    lease_until      double precision,
    cancel_requested boolean NOT NULL,
    stage            text,
    fraction         double precision NOT NULL,
    upload           text,
    extras           text NOT NULL,        -- JSON: names of blobs
    result_blob      text,
    result_mime      text,
    result_size      bigint,
    result_facts     text,                 -- JSON
    result_extras    text NOT NULL,        -- JSON: names of blobs
    failure_code     text,
    failure_message  text,
    failure_field    text,
    idempotency_key  text,
    fingerprint      text,
    callback_url     text,
    callback_base    text,
    CHECK (state IN ('queued', 'running', 'succeeded', 'failed', 'cancelled', 'expired')),
    CHECK ((state = 'running') = (lease_token IS NOT NULL))
) WITH (fillfactor = 70);

-- What a key's unfinished jobs cost is what is reserved of its credits.
CREATE INDEX jobs_unfinished ON jobs (key_id) WHERE state IN ('queued', 'running');
CREATE INDEX jobs_waiting ON jobs (priority DESC, created_at, id) WHERE state = 'queued';
CREATE INDEX jobs_running ON jobs (lease_holder) WHERE state = 'running';
CREATE INDEX jobs_results ON jobs (expires_at) WHERE state = 'succeeded';
CREATE INDEX jobs_past ON jobs (finished_at) WHERE state IN ('failed', 'cancelled', 'expired');
CREATE INDEX jobs_of_key ON jobs (key_id, created_at DESC, id DESC);
CREATE INDEX jobs_of_kind ON jobs (key_id, kind, created_at DESC, id DESC);
CREATE UNIQUE INDEX jobs_idempotency ON jobs (key_id, idempotency_key)
    WHERE idempotency_key IS NOT NULL;

CREATE TABLE ledger (
    id     bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    key_id text COLLATE "C" NOT NULL REFERENCES keys (id),
    job_id text COLLATE "C",               -- the job may be forgotten, its charge is not
    reason text NOT NULL CHECK (reason IN ('grant', 'charge')),
    amount bigint,                         -- NULL: the limit was lifted
    at     double precision NOT NULL,
    CHECK ((reason = 'charge') = (job_id IS NOT NULL))
);

CREATE UNIQUE INDEX ledger_charges ON ledger (job_id) WHERE reason = 'charge';
CREATE INDEX ledger_key ON ledger (key_id);

-- Messages that jobs have ended. One for each job that asked for it, stored with the job's end.
CREATE TABLE outbox (
    job_id        text COLLATE "C" PRIMARY KEY,
    callback_url  text NOT NULL,
    callback_base text NOT NULL,
    created_at    double precision NOT NULL,
    attempts      integer NOT NULL,
    next_at       double precision,        -- NULL: arrived, or given up
    delivered_at  double precision,
    problem       text
);

CREATE INDEX outbox_due ON outbox (next_at) WHERE next_at IS NOT NULL;

-- Processes that run jobs. One that is alive holds the advisory lock of its name.
CREATE TABLE holders (
    name        text COLLATE "C" PRIMARY KEY,
    enlisted_at double precision NOT NULL
);
