-- What each room's glance was told to show last, so that only what is new is pushed, by one process.

ALTER TABLE rooms ADD COLUMN glance TEXT NOT NULL DEFAULT '';

ALTER TABLE rooms ADD COLUMN glance_at BIGINT NOT NULL DEFAULT 0;
