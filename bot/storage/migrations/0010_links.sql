-- Links to alerts that were made before this moment are good no more.

ALTER TABLE tenants ADD COLUMN links_since BIGINT NOT NULL DEFAULT 0;
