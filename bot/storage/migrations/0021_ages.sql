-- What is cleared away is found by its age.

CREATE INDEX calls_by_age ON calls (at);

CREATE INDEX parcels_by_age ON parcels (done_at) WHERE done_at IS NOT NULL;
