-- News on its way to channels, and what their services call our alerts.

CREATE TABLE parcels (
  id {pk},
  tenant_id BIGINT NOT NULL REFERENCES tenants (id),
  channel TEXT NOT NULL,
  number BIGINT NOT NULL,
  action TEXT NOT NULL,
  content TEXT NOT NULL, -- JSON: the alert as it was then
  at BIGINT NOT NULL,
  attempts BIGINT NOT NULL DEFAULT 0,
  retry_at BIGINT NOT NULL DEFAULT 0,
  result TEXT NOT NULL DEFAULT '',
  done_at BIGINT
);

CREATE INDEX parcels_waiting ON parcels (tenant_id, channel, number, id) WHERE done_at IS NULL;
CREATE INDEX parcels_by_alert ON parcels (tenant_id, number);
CREATE INDEX parcels_done ON parcels (tenant_id, channel, done_at) WHERE done_at IS NOT NULL;

CREATE TABLE counterparts (
  tenant_id BIGINT NOT NULL,
  channel TEXT NOT NULL,
  number BIGINT NOT NULL,
  reference TEXT NOT NULL,
  PRIMARY KEY (tenant_id, number, channel)
);

-- When critical news that a room could not be told went to its policy's other channel instead.
ALTER TABLE outbox ADD COLUMN diverted_at BIGINT;
