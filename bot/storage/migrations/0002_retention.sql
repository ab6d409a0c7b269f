-- What is cleared away is found by its age; the newest alerts of a room without a look at those of other rooms.

CREATE INDEX alerts_closed ON alerts (tenant_id, state_at) WHERE state = 'closed';

CREATE INDEX alerts_of_room ON alerts (tenant_id, room_id, number);

CREATE INDEX outbox_done ON outbox (done_at) WHERE done_at IS NOT NULL;
