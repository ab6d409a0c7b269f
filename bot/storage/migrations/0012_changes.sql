-- What was changed somewhere, to be shown beside the alerts that came after it.

CREATE TABLE changes (
  id {pk},
  tenant_id BIGINT NOT NULL REFERENCES tenants (id),
  feed_id BIGINT NOT NULL REFERENCES feeds (id),
  at BIGINT NOT NULL,
  summary TEXT NOT NULL,
  source TEXT NOT NULL,
  link TEXT NOT NULL
);

CREATE INDEX changes_of_feed ON changes (feed_id, at);
