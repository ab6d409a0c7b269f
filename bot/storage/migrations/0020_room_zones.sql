-- The time zone that a room is spoken to in; empty: whoever asks has their own.

ALTER TABLE rooms ADD COLUMN time_zone TEXT NOT NULL DEFAULT '';
