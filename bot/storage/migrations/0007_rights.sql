-- Who may do what in a room, where that differs from the usual: JSON, verb to level.

ALTER TABLE rooms ADD COLUMN rights TEXT NOT NULL DEFAULT '{}';
