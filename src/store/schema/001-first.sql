-- The first schema. A file in this folder is never edited once it is released: a change is the next number.
-- Numbers of orbits are number keys (src/core/number.h), times are milliseconds since 1970, NULL is never.

CREATE TABLE highest (
    what TEXT NOT NULL PRIMARY KEY, -- call, leg, range
    id   INTEGER NOT NULL           -- was given out once, and so is nothing at or below it ever again
) STRICT, WITHOUT ROWID;

CREATE TABLE sites (
    name    TEXT NOT NULL PRIMARY KEY COLLATE NOCASE,
    version INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE destinations (
    fqdn       TEXT NOT NULL PRIMARY KEY COLLATE NOCASE,
    service_id TEXT NOT NULL,
    site       TEXT NOT NULL,
    version    INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE ranges (
    id          INTEGER PRIMARY KEY,
    name        TEXT NOT NULL COLLATE NOCASE UNIQUE,
    first       INTEGER NOT NULL,
    last        INTEGER NOT NULL CHECK (last >= first),
    destination TEXT NOT NULL,
    type        TEXT NOT NULL,
    state       TEXT NOT NULL,
    park_number TEXT NOT NULL,
    version     INTEGER NOT NULL
) STRICT;

CREATE UNIQUE INDEX ranges_by_park_number ON ranges (park_number) WHERE park_number <> '';

-- One row for each number, so that the file itself cannot hold a number in two ranges.
CREATE TABLE orbits (
    number INTEGER PRIMARY KEY,
    range  INTEGER NOT NULL REFERENCES ranges (id) ON DELETE CASCADE
) STRICT;

CREATE INDEX orbits_by_range ON orbits (range);

CREATE TABLE settings (
    scope   TEXT NOT NULL,                -- global, site, destination, range
    name    TEXT NOT NULL COLLATE NOCASE, -- of the site or destination, the range's id, or nothing
    key     TEXT NOT NULL,
    value   TEXT NOT NULL,
    version INTEGER NOT NULL,
    PRIMARY KEY (scope, name, key)
) STRICT, WITHOUT ROWID;

CREATE TABLE calls (
    id             INTEGER PRIMARY KEY,
    state          TEXT NOT NULL,
    orbit          INTEGER NOT NULL,
    has_orbit      INTEGER NOT NULL,
    range          INTEGER NOT NULL,
    caller_leg     INTEGER NOT NULL,
    caller_up      INTEGER NOT NULL,
    caller_display TEXT NOT NULL,
    caller_uri     TEXT NOT NULL,
    caller_contact TEXT NOT NULL,
    caller_hidden  INTEGER NOT NULL,
    parker_display TEXT NOT NULL,
    parker_uri     TEXT NOT NULL,
    parker_contact TEXT NOT NULL,
    parker_hidden  INTEGER NOT NULL,
    parker_known   INTEGER NOT NULL,
    consult        INTEGER NOT NULL,
    peer           INTEGER NOT NULL,
    peer_role      TEXT NOT NULL,
    peer_display   TEXT NOT NULL,
    peer_uri       TEXT NOT NULL,
    peer_contact   TEXT NOT NULL,
    peer_hidden    INTEGER NOT NULL,
    peer_up        INTEGER NOT NULL,
    rules          TEXT NOT NULL,         -- lines of key=value
    attempt        INTEGER NOT NULL,
    wait           INTEGER NOT NULL,
    parker_gone    INTEGER NOT NULL,
    fallback_tried INTEGER NOT NULL,
    plain_retry    INTEGER NOT NULL,
    by_hand        INTEGER NOT NULL,
    forced         INTEGER NOT NULL,
    parked_at      INTEGER NOT NULL,
    deadline       INTEGER,
    give_up_at     INTEGER,
    outcome        TEXT NOT NULL,
    note           TEXT NOT NULL,
    why            TEXT NOT NULL,
    version        INTEGER NOT NULL
) STRICT;

CREATE TABLE legs (
    leg    INTEGER PRIMARY KEY,
    call   INTEGER NOT NULL,
    dialog TEXT NOT NULL,
    media  TEXT NOT NULL
) STRICT;

CREATE INDEX legs_by_call ON legs (call);

CREATE TABLE call_records (
    id             INTEGER PRIMARY KEY,
    orbit          INTEGER NOT NULL,
    range          INTEGER NOT NULL,
    range_name     TEXT NOT NULL,
    destination    TEXT NOT NULL,
    node           TEXT NOT NULL,
    caller_display TEXT NOT NULL,
    caller_uri     TEXT NOT NULL,
    caller_contact TEXT NOT NULL,
    caller_hidden  INTEGER NOT NULL,
    parker_display TEXT NOT NULL,
    parker_uri     TEXT NOT NULL,
    parker_contact TEXT NOT NULL,
    parker_hidden  INTEGER NOT NULL,
    taker_display  TEXT NOT NULL,
    taker_uri      TEXT NOT NULL,
    taker_contact  TEXT NOT NULL,
    taker_hidden   INTEGER NOT NULL,
    parked_at      INTEGER NOT NULL,
    ended_at       INTEGER NOT NULL,
    waited         INTEGER NOT NULL,
    attempts       INTEGER NOT NULL,
    outcome        TEXT NOT NULL,
    why            TEXT NOT NULL,
    note           TEXT NOT NULL
) STRICT;

-- With all that a search may ask for, so that counting a million matches reads no record.
CREATE INDEX call_records_by_time ON call_records (parked_at, outcome, orbit);
CREATE INDEX call_records_by_orbit ON call_records (orbit, parked_at, outcome);

CREATE TABLE call_steps (
    call   INTEGER NOT NULL,
    number INTEGER NOT NULL,
    at     INTEGER NOT NULL,
    step   TEXT NOT NULL,
    why    TEXT NOT NULL,
    PRIMARY KEY (call, number)
) STRICT, WITHOUT ROWID;
