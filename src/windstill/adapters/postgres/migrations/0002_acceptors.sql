-- The process that holds the connection of whoever waits for an attached job.

ALTER TABLE jobs ADD COLUMN accepted_by text COLLATE "C";

CREATE INDEX jobs_accepted ON jobs (accepted_by)
    WHERE accepted_by IS NOT NULL AND state IN ('queued', 'running');
