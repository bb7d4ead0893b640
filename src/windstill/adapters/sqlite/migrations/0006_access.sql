-- Access key pairs of keys, for signed requests. Their secrets are derived, and stand nowhere.

ALTER TABLE keys ADD COLUMN access_id TEXT;
ALTER TABLE keys ADD COLUMN access_generation INTEGER;
ALTER TABLE keys ADD COLUMN access_former_until REAL;
ALTER TABLE keys ADD COLUMN access_closed_at REAL;

CREATE UNIQUE INDEX keys_access ON keys (access_id) WHERE access_id IS NOT NULL;

-- Nonces of signed requests, each good for one.
CREATE TABLE nonces (
    access_id TEXT NOT NULL,
    nonce     TEXT NOT NULL,
    until     REAL NOT NULL,
    PRIMARY KEY (access_id, nonce)
) STRICT, WITHOUT ROWID;

CREATE INDEX nonces_until ON nonces (until);
