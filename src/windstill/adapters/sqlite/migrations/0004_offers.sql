-- When a waiting job was last put into a queue that lives elsewhere.

ALTER TABLE jobs ADD COLUMN offered_at REAL;
