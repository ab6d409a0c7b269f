-- Who wants no more mails of a channel, and what came in by mail.

CREATE TABLE mutes (
  tenant_id BIGINT NOT NULL REFERENCES tenants (id),
  channel TEXT NOT NULL,
  address TEXT NOT NULL, -- in small letters
  at BIGINT NOT NULL,
  PRIMARY KEY (tenant_id, channel, address)
);

-- Answers that came by mail, so that the same one changes nothing twice.
CREATE TABLE letters (
  tenant_id BIGINT NOT NULL REFERENCES tenants (id),
  about TEXT NOT NULL, -- the alert
  message TEXT NOT NULL, -- a hash of its Message-ID
  at BIGINT NOT NULL,
  PRIMARY KEY (tenant_id, about, message)
);

CREATE INDEX letters_by_age ON letters (at);

-- Which addresses have a mail that others still wait for.
ALTER TABLE parcels ADD COLUMN progress TEXT NOT NULL DEFAULT '';

-- The hash of a key in small letters, since mail servers may fold the case of an address. Older keys have none.
ALTER TABLE keys ADD COLUMN folded TEXT;

CREATE INDEX keys_by_folded ON keys (folded) WHERE folded IS NOT NULL;
