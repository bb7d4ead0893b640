-- Whether a key may ask for its jobs to run before others.

ALTER TABLE keys ADD COLUMN high_priority INTEGER NOT NULL DEFAULT 0;

-- Whose message it is, so that no key's messages hold up another's.

ALTER TABLE outbox ADD COLUMN key_id TEXT NOT NULL DEFAULT '';

UPDATE outbox SET key_id = COALESCE((SELECT key_id FROM jobs WHERE id = outbox.job_id), '');
