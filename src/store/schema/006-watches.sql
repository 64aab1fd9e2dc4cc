-- Subscriptions to lamps, so that they live on over a restart; `text` is written and read by the SIP edge.

CREATE TABLE watches (
    number INTEGER PRIMARY KEY,
    text TEXT NOT NULL
) STRICT;
