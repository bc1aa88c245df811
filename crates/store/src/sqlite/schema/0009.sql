-- Schema 9: tries to sign in outlast a restart and are counted by all processes together; where changes came from.

-- Keys are SHA-256: what somebody types into the wrong field is stored nowhere.
CREATE TABLE tries (
    key   BLOB    NOT NULL PRIMARY KEY,
    began INTEGER NOT NULL,                         -- of the window in which these are counted
    count INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX tries_began ON tries (began);
CREATE INDEX tries_count ON tries (count, began);

-- Where a line of the audit log came from. Apart from the log, which is never changed: an address is kept for a
-- year, the line for good.
CREATE TABLE audit_origins (
    line   INTEGER PRIMARY KEY REFERENCES audit (id),
    at     INTEGER NOT NULL,
    origin TEXT    NOT NULL
) STRICT;
CREATE INDEX audit_origins_at ON audit_origins (at);
