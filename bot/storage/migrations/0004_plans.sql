-- Where alerts go and who is called: a tenant's routes, policies and schedules are read and changed as a whole.

ALTER TABLE tenants ADD COLUMN plan_version BIGINT NOT NULL DEFAULT 0; -- 0: nothing configured; ingest looks no further

CREATE TABLE plans (
  tenant_id BIGINT PRIMARY KEY REFERENCES tenants (id),
  version BIGINT NOT NULL,
  tables TEXT NOT NULL, -- JSON, as domain/planfile.py reads it, with ids for rooms and feeds
  changed_at BIGINT NOT NULL
);

CREATE TABLE covers (
  id {pk},
  tenant_id BIGINT NOT NULL REFERENCES tenants (id),
  schedule TEXT NOT NULL,
  person_id TEXT NOT NULL,
  person_name TEXT NOT NULL,
  begins_at BIGINT NOT NULL,
  ends_at BIGINT NOT NULL,
  made_at BIGINT NOT NULL
);

CREATE INDEX covers_by_end ON covers (tenant_id, ends_at);

-- How far the escalation of an alert has come.
CREATE TABLE escalations (
  tenant_id BIGINT NOT NULL,
  number BIGINT NOT NULL,
  policy TEXT NOT NULL,
  position BIGINT NOT NULL,
  PRIMARY KEY (tenant_id, number)
);

-- Private messages on their way to people.
CREATE TABLE whispers (
  id {pk},
  tenant_id BIGINT NOT NULL REFERENCES tenants (id),
  room_id BIGINT NOT NULL REFERENCES rooms (id), -- where it is said that somebody could not be messaged
  number BIGINT,
  person TEXT NOT NULL,
  text TEXT NOT NULL,
  at BIGINT NOT NULL,
  attempts BIGINT NOT NULL DEFAULT 0,
  retry_at BIGINT NOT NULL DEFAULT 0,
  result TEXT NOT NULL DEFAULT '',
  done_at BIGINT
);

CREATE INDEX whispers_waiting ON whispers (retry_at) WHERE done_at IS NULL;
