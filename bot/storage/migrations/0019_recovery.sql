-- Suspending an installation takes several refusals of its token URL over minutes; a glance that is not installed is not called.

ALTER TABLE installations ADD COLUMN refusals BIGINT NOT NULL DEFAULT 0;
ALTER TABLE installations ADD COLUMN refused_at BIGINT;
ALTER TABLE installations ADD COLUMN no_glance BOOLEAN NOT NULL DEFAULT FALSE;
