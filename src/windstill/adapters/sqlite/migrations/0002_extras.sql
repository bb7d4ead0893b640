-- Jobs with more than one upload, and results of more than one file: JSON objects of blob names.

ALTER TABLE jobs ADD COLUMN extras TEXT NOT NULL DEFAULT '{}';
ALTER TABLE jobs ADD COLUMN result_extras TEXT NOT NULL DEFAULT '{}';

CREATE INDEX jobs_of_kind ON jobs (key_id, kind, created_at DESC, id DESC);
