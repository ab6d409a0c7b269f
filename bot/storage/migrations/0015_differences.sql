-- How a channel's service differs from us: since when, and when the room was told.

CREATE TABLE differences (
  tenant_id BIGINT NOT NULL REFERENCES tenants (id),
  channel TEXT NOT NULL,
  what TEXT NOT NULL,
  number BIGINT NOT NULL,
  dedup_key TEXT NOT NULL,
  seen_at BIGINT NOT NULL,
  told_at BIGINT,
  PRIMARY KEY (tenant_id, channel, what, number, dedup_key)
);
