-- Files of music that somebody uploaded, each once, by what is in it. The setting `music` of a scope names one.
-- `data` stands last, so that the rest is read without it.

CREATE TABLE music_files (
    sha256      TEXT NOT NULL PRIMARY KEY,
    name        TEXT NOT NULL,
    type        TEXT NOT NULL,    -- audio/wav
    bytes       INTEGER NOT NULL,
    length      INTEGER NOT NULL, -- milliseconds
    uploaded_at INTEGER NOT NULL,
    uploaded_by TEXT NOT NULL,
    data        BLOB NOT NULL
) STRICT;
