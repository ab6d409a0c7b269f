-- What a backup is known by: sealed with the key that its secrets were sealed with.

CREATE TABLE canary (
  id BIGINT PRIMARY KEY,
  sealed TEXT NOT NULL,
  made_at BIGINT NOT NULL
);
