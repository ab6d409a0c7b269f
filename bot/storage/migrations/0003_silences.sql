-- Silences of rooms, what each of them hid, and what a room does not know of an alert because of them.

ALTER TABLE tenants ADD COLUMN silences BIGINT NOT NULL DEFAULT 0; -- how many are live: ingest looks no further when none is

ALTER TABLE alerts ADD COLUMN silenced_by BIGINT; -- the silence that keeps its last news from the room

ALTER TABLE alerts ADD COLUMN heard BOOLEAN NOT NULL DEFAULT TRUE; -- whether the room has heard of this firing

CREATE TABLE silences (
  tenant_id BIGINT NOT NULL,
  number BIGINT NOT NULL,
  room_id BIGINT NOT NULL,
  matchers TEXT NOT NULL,
  created_at BIGINT NOT NULL,
  starts_at BIGINT NOT NULL,
  ends_at BIGINT NOT NULL,
  by_id TEXT NOT NULL,
  by_name TEXT NOT NULL,
  time_zone TEXT NOT NULL,
  comment TEXT NOT NULL,
  hidden BIGINT NOT NULL DEFAULT 0,
  ended_at BIGINT,
  PRIMARY KEY (tenant_id, number)
);

CREATE INDEX silences_live ON silences (tenant_id, number) WHERE ended_at IS NULL;

CREATE TABLE silenced (
  tenant_id BIGINT NOT NULL,
  silence BIGINT NOT NULL,
  number BIGINT NOT NULL,
  at BIGINT NOT NULL,
  PRIMARY KEY (tenant_id, silence, number)
);

CREATE INDEX silenced_of_alert ON silenced (tenant_id, number);
