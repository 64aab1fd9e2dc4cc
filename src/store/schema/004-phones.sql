-- A password of its own for a user's phone. Kept as H(A1) of RFC 7616 by both algorithms, in hex, which holds for
-- one realm only; nothing: he has no phone that signs in here.

ALTER TABLE users ADD COLUMN sip_md5 TEXT NOT NULL DEFAULT '';
ALTER TABLE users ADD COLUMN sip_sha256 TEXT NOT NULL DEFAULT '';
ALTER TABLE users ADD COLUMN sip_realm TEXT NOT NULL DEFAULT '';
