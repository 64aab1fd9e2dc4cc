-- What a restart needs to put a call back as it was, whatever it was doing. Moments are as of the wall clock; with
-- `clock` (how far that was ahead of the clock that deadlines count by) and `boot` (of the system) they are found
-- again when somebody has set the wall clock meanwhile.

ALTER TABLE calls ADD COLUMN number_known INTEGER NOT NULL DEFAULT 0;
ALTER TABLE calls ADD COLUMN next_leg INTEGER NOT NULL DEFAULT 0;
ALTER TABLE calls ADD COLUMN next_for INTEGER NOT NULL DEFAULT 0;
ALTER TABLE calls ADD COLUMN next_display TEXT NOT NULL DEFAULT '';
ALTER TABLE calls ADD COLUMN next_uri TEXT NOT NULL DEFAULT '';
ALTER TABLE calls ADD COLUMN next_contact TEXT NOT NULL DEFAULT '';
ALTER TABLE calls ADD COLUMN next_hidden INTEGER NOT NULL DEFAULT 0;
ALTER TABLE calls ADD COLUMN next_deadline INTEGER;
ALTER TABLE calls ADD COLUMN transfer INTEGER NOT NULL DEFAULT 0;
ALTER TABLE calls ADD COLUMN resume_at INTEGER;
ALTER TABLE calls ADD COLUMN connected_at INTEGER NOT NULL DEFAULT 0; -- 0: it was not
ALTER TABLE calls ADD COLUMN clock INTEGER NOT NULL DEFAULT 0;
ALTER TABLE calls ADD COLUMN boot TEXT NOT NULL DEFAULT '';

-- Of calls from before: who was told his number waits as long as he did by default, all else goes on when it was due.
UPDATE calls SET resume_at = CASE WHEN state IN ('saving', 'telling') THEN parked_at + 90000 ELSE deadline END;
