-- Each channel has a lane of its own: what is due in it is found without looking at what is not.

CREATE INDEX parcels_due ON parcels (tenant_id, channel, retry_at, id) WHERE done_at IS NULL;
