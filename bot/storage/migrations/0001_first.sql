-- Tenants and how the bot reaches their rooms.

CREATE TABLE tenants (
  id {pk},
  host TEXT NOT NULL,
  group_id BIGINT NOT NULL,
  name TEXT NOT NULL,
  last_number BIGINT NOT NULL DEFAULT 0,
  fallback_room_id BIGINT,
  created_at BIGINT NOT NULL,
  UNIQUE (host, group_id)
);

-- A room's row is also the lease under which one worker sends into it, and what Hipchat last said of its budget.
CREATE TABLE rooms (
  id {pk},
  tenant_id BIGINT NOT NULL REFERENCES tenants (id),
  hipchat_id BIGINT NOT NULL,
  name TEXT NOT NULL,
  gone_at BIGINT,
  lease_until BIGINT NOT NULL DEFAULT 0,
  retry_at BIGINT NOT NULL DEFAULT 0,
  failures BIGINT NOT NULL DEFAULT 0,
  trouble TEXT NOT NULL DEFAULT '',
  created_at BIGINT NOT NULL,
  UNIQUE (tenant_id, hipchat_id)
);

CREATE TABLE installations (
  oauth_id TEXT PRIMARY KEY,
  tenant_id BIGINT NOT NULL REFERENCES tenants (id),
  room_id BIGINT REFERENCES rooms (id),
  secret BYTEA NOT NULL,
  capabilities_url TEXT NOT NULL,
  api_url TEXT NOT NULL,
  token_url TEXT NOT NULL,
  scopes TEXT NOT NULL,
  state TEXT NOT NULL,
  suspended_at BIGINT,
  next_try_at BIGINT,
  installed_at BIGINT NOT NULL
);

CREATE INDEX installations_of_tenant ON installations (tenant_id);

CREATE TABLE hooks (
  id {pk},
  tenant_id BIGINT NOT NULL REFERENCES tenants (id),
  room_id BIGINT NOT NULL UNIQUE REFERENCES rooms (id),
  kind TEXT NOT NULL,
  label TEXT NOT NULL,
  api_url TEXT NOT NULL,
  token BYTEA NOT NULL,
  callback_hash TEXT UNIQUE,
  oauth_client_id TEXT,
  webhook_id BIGINT,
  created_at BIGINT NOT NULL
);

CREATE TABLE people (
  tenant_id BIGINT NOT NULL REFERENCES tenants (id),
  id TEXT NOT NULL,
  name TEXT NOT NULL,
  mention_name TEXT NOT NULL,
  email TEXT NOT NULL DEFAULT '',
  time_zone TEXT NOT NULL DEFAULT '',
  is_guest BOOLEAN NOT NULL,
  fetched_at BIGINT NOT NULL,
  PRIMARY KEY (tenant_id, id)
);

-- Feeds, keys and what came in through them.

CREATE TABLE feeds (
  id {pk},
  tenant_id BIGINT NOT NULL REFERENCES tenants (id),
  name TEXT NOT NULL,
  room_id BIGINT REFERENCES rooms (id),
  created_at BIGINT NOT NULL,
  UNIQUE (tenant_id, name)
);

CREATE TABLE keys (
  id {pk},
  feed_id BIGINT NOT NULL REFERENCES feeds (id),
  name TEXT NOT NULL,
  hash TEXT NOT NULL UNIQUE,
  scopes TEXT NOT NULL,
  created_at BIGINT NOT NULL,
  revoked_at BIGINT
);

CREATE TABLE bodies (
  id {pk},
  feed_id BIGINT NOT NULL,
  dialect TEXT NOT NULL,
  at BIGINT NOT NULL,
  body BYTEA NOT NULL
);

CREATE INDEX bodies_by_age ON bodies (at);

CREATE TABLE resolves (
  feed_id BIGINT NOT NULL,
  dedup_key TEXT NOT NULL,
  at BIGINT NOT NULL,
  PRIMARY KEY (feed_id, dedup_key)
);

-- Alerts, by tenant and number; the newest one of a dedup key is marked, and only that one may be active.

CREATE TABLE alerts (
  tenant_id BIGINT NOT NULL,
  number BIGINT NOT NULL,
  feed_id BIGINT NOT NULL,
  room_id BIGINT,
  dedup_key TEXT NOT NULL,
  state TEXT NOT NULL,
  severity BIGINT NOT NULL,
  reported BIGINT NOT NULL,
  summary TEXT NOT NULL,
  description TEXT NOT NULL,
  source TEXT NOT NULL,
  labels TEXT NOT NULL,
  links TEXT NOT NULL,
  starts_at BIGINT,
  opened_at BIGINT NOT NULL,
  last_seen_at BIGINT NOT NULL,
  told_at BIGINT NOT NULL,
  count BIGINT NOT NULL,
  owner_id TEXT,
  owner_name TEXT,
  state_at BIGINT NOT NULL,
  state_by TEXT NOT NULL,
  state_by_id TEXT NOT NULL,
  state_who TEXT NOT NULL,
  state_note TEXT NOT NULL,
  until BIGINT,
  resolved_at BIGINT,
  senders TEXT NOT NULL,
  predecessor BIGINT,
  flaps BIGINT NOT NULL,
  flap_told_at BIGINT,
  latest BOOLEAN NOT NULL,
  words TEXT NOT NULL,
  PRIMARY KEY (tenant_id, number),
  CHECK (state = 'closed' OR latest)
);

CREATE UNIQUE INDEX alerts_latest_of_key ON alerts (feed_id, dedup_key) WHERE latest;

CREATE INDEX alerts_active ON alerts (tenant_id, room_id, severity, number) WHERE state <> 'closed';

CREATE TABLE history (
  id {pk},
  tenant_id BIGINT NOT NULL,
  number BIGINT NOT NULL,
  at BIGINT NOT NULL,
  action TEXT NOT NULL,
  who TEXT NOT NULL,
  name TEXT NOT NULL,
  person_id TEXT NOT NULL,
  via TEXT NOT NULL,
  note TEXT NOT NULL
);

CREATE INDEX history_of_alert ON history (tenant_id, number, id);

-- What people asked for in rooms: done once per message, answered the same again, undone within minutes.

CREATE TABLE calls (
  tenant_id BIGINT NOT NULL,
  room_id BIGINT NOT NULL,
  message_id TEXT NOT NULL,
  via TEXT NOT NULL,
  person_id TEXT NOT NULL,
  at BIGINT NOT NULL,
  reply TEXT NOT NULL,
  undo TEXT NOT NULL DEFAULT '',
  PRIMARY KEY (tenant_id, room_id, message_id)
);

CREATE INDEX calls_of_person ON calls (tenant_id, room_id, person_id, at);

CREATE TABLE questions (
  tenant_id BIGINT NOT NULL,
  room_id BIGINT NOT NULL,
  person_id TEXT NOT NULL,
  at BIGINT NOT NULL,
  command TEXT NOT NULL,
  numbers TEXT NOT NULL,
  PRIMARY KEY (tenant_id, room_id, person_id)
);

-- What is to be told, what was told, and what is due.

CREATE TABLE outbox (
  id {pk},
  tenant_id BIGINT NOT NULL,
  room_id BIGINT NOT NULL,
  number BIGINT,
  news TEXT NOT NULL,
  lane BIGINT NOT NULL,
  detail TEXT NOT NULL,
  at BIGINT NOT NULL,
  attempts BIGINT NOT NULL DEFAULT 0,
  result TEXT NOT NULL DEFAULT '',
  done_at BIGINT
);

CREATE INDEX outbox_waiting ON outbox (room_id, id) WHERE done_at IS NULL;

CREATE INDEX outbox_of_alert ON outbox (tenant_id, number, id);

CREATE TABLE sent (
  id {pk},
  room_id BIGINT NOT NULL,
  at BIGINT NOT NULL,
  answer BOOLEAN NOT NULL
);

CREATE INDEX sent_in_room ON sent (room_id, at);

CREATE TABLE timers (
  kind TEXT NOT NULL,
  tenant_id BIGINT NOT NULL,
  number BIGINT NOT NULL,
  due_at BIGINT NOT NULL,
  PRIMARY KEY (kind, tenant_id, number)
);

CREATE INDEX timers_due ON timers (due_at);
