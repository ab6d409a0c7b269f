-- What is active in a room is counted in the index alone.

DROP INDEX alerts_active;
CREATE INDEX alerts_active ON alerts (tenant_id, room_id, severity, number, state) WHERE state <> 'closed';
