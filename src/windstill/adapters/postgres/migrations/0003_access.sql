-- Access key pairs of keys, for signed requests. Their secrets are derived, and stand nowhere.

ALTER TABLE keys ADD COLUMN access_id text COLLATE "C";
ALTER TABLE keys ADD COLUMN access_generation integer;
ALTER TABLE keys ADD COLUMN access_former_until double precision;
ALTER TABLE keys ADD COLUMN access_closed_at double precision;

CREATE UNIQUE INDEX keys_access ON keys (access_id) WHERE access_id IS NOT NULL;

-- Nonces of signed requests, each good for one.
CREATE TABLE nonces (
    access_id text COLLATE "C" NOT NULL,
    nonce     text COLLATE "C" NOT NULL,
    until     double precision NOT NULL,
    PRIMARY KEY (access_id, nonce)
);

CREATE INDEX nonces_until ON nonces (until);
