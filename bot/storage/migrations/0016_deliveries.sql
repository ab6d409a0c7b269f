-- What senders call the messages that came, so that one that comes again is known.

CREATE TABLE deliveries (
  feed_id BIGINT NOT NULL REFERENCES feeds (id),
  delivery_id TEXT NOT NULL,
  at BIGINT NOT NULL,
  PRIMARY KEY (feed_id, delivery_id)
);

CREATE INDEX deliveries_by_age ON deliveries (at);
