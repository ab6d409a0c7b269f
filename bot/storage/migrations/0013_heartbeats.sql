-- Senders that are expected to be heard of regularly.

CREATE TABLE heartbeats (
  id {pk},
  tenant_id BIGINT NOT NULL REFERENCES tenants (id),
  feed_id BIGINT NOT NULL REFERENCES feeds (id),
  name TEXT NOT NULL,
  every_ms BIGINT NOT NULL,
  grace_ms BIGINT NOT NULL,
  beat_at BIGINT NOT NULL,
  missed BOOLEAN NOT NULL DEFAULT FALSE,
  UNIQUE (feed_id, name)
);
