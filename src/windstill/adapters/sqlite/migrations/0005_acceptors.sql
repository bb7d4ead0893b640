-- The process that holds the connection of whoever waits for an attached job.

ALTER TABLE jobs ADD COLUMN accepted_by TEXT;
