-- Users, what they may do, who is signed in, and the trail of what was done. Times are milliseconds since
-- 1970, NULL is never; hashes are SHA-256.

CREATE TABLE users (
    name       TEXT NOT NULL PRIMARY KEY COLLATE NOCASE,
    password   TEXT NOT NULL,    -- argon2id as libsodium writes it; nothing: cannot sign in by password
    phone      TEXT NOT NULL,
    disabled   INTEGER NOT NULL,
    created_at INTEGER NOT NULL,
    version    INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE role_bindings (
    id    INTEGER PRIMARY KEY,
    user  TEXT NOT NULL COLLATE NOCASE,
    role  TEXT NOT NULL,
    scope TEXT NOT NULL,         -- global, site, destination, range
    place TEXT NOT NULL,         -- name of the site or destination
    range INTEGER NOT NULL       -- its id, or 0
) STRICT;

-- Of the API, for programs. The secret itself is nowhere.
CREATE TABLE access_tokens (
    id          INTEGER PRIMARY KEY,
    name        TEXT NOT NULL,
    user        TEXT NOT NULL COLLATE NOCASE,
    hash        BLOB NOT NULL CHECK (length(hash) = 32),
    permissions TEXT NOT NULL,   -- their names, with commas between, or *: all, also of those that come one day
    networks    TEXT NOT NULL,
    created_at  INTEGER NOT NULL,
    expires_at  INTEGER,
    used_at     INTEGER NOT NULL, -- 0: not yet
    version     INTEGER NOT NULL
) STRICT;

-- Who is signed in with a browser; the API calls it a session.
CREATE TABLE logins (
    id         INTEGER PRIMARY KEY,
    hash       BLOB NOT NULL CHECK (length(hash) = 32),
    user       TEXT NOT NULL COLLATE NOCASE,
    source     TEXT NOT NULL,
    agent      TEXT NOT NULL,
    created_at INTEGER NOT NULL,
    seen_at    INTEGER NOT NULL,
    expires_at INTEGER NOT NULL
) STRICT;

-- What people did. Rows are added at one end, removed at the other when there are too many, and never changed:
-- each has the hash of the one before it (src/store/chain.c).
CREATE TABLE audit (
    id         INTEGER PRIMARY KEY,
    at         INTEGER NOT NULL,
    actor      TEXT NOT NULL,
    source     TEXT NOT NULL,
    request    TEXT NOT NULL,
    action     TEXT NOT NULL,
    subject    TEXT NOT NULL,
    subject_id TEXT NOT NULL,
    before     TEXT NOT NULL,    -- JSON, or nothing
    after      TEXT NOT NULL,
    prev       BLOB NOT NULL CHECK (length(prev) = 32),
    hash       BLOB NOT NULL CHECK (length(hash) = 32)
) STRICT;

-- With all that a search may ask for, so that looking through a million entries reads no JSON.
CREATE INDEX audit_by_time ON audit (at, actor, action, subject, subject_id, source, request);
