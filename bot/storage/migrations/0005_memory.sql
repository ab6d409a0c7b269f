-- What alerts are found again by: their words, as tokens of plain letters that both databases read the same way. The tokens are
-- written in the background, not when an alert comes in; `remembered` says up to which number that is done.

-- only: sqlite
CREATE VIRTUAL TABLE likenesses USING fts5 (tokens, detail = none, columnsize = 0);

-- only: postgresql
CREATE TABLE likenesses (
  rowid BIGINT PRIMARY KEY,
  tokens TEXT NOT NULL
);

-- only: postgresql
CREATE INDEX likenesses_by_token ON likenesses USING gin (to_tsvector('simple', tokens));

CREATE TABLE remembered (
  tenant_id BIGINT PRIMARY KEY,
  number BIGINT NOT NULL
);
