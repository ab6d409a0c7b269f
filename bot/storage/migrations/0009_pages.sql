-- Who changed the configuration, for everybody to see.

CREATE TABLE audit (
  id {pk},
  tenant_id BIGINT NOT NULL REFERENCES tenants (id),
  room_id BIGINT,
  at BIGINT NOT NULL,
  person_id TEXT NOT NULL,
  name TEXT NOT NULL,
  what TEXT NOT NULL
);

CREATE INDEX audit_of_tenant ON audit (tenant_id, id);
