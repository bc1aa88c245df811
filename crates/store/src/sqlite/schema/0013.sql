-- Schema 13: one row for all links of a mail and its return path, instead of three rows, and four entries of indexes.

-- Hashes are bytes 9 to 24 of the key a link is known by (its SHA-256 with the place before it), so 128 bits of the
-- hash of 256 random ones. A mail without links has its row for the return path.
CREATE TABLE mail_links (
    place           INTEGER PRIMARY KEY,             -- what the tokens and the return path of one mail begin with
    message         INTEGER NOT NULL REFERENCES messages (key),
    patient         INTEGER,                         -- that of the message; null: mail of the clinic as a whole
    check_in_hash   BLOB,
    check_in        TEXT,
    about_day       TEXT,
    check_in_until  INTEGER,                         -- null: until revoked; the same below
    my_page_hash    BLOB,
    my_page_until   INTEGER,
    stop_hash       BLOB,
    stop_until      INTEGER,
    confirm_hash    BLOB,
    confirm_until   INTEGER,
    revoked_at      INTEGER,                         -- all but the stop link
    stop_revoked_at INTEGER
) STRICT;

-- From a message to its row in `mail_links`, for revoking and erasing; null: it has none.
ALTER TABLE messages ADD COLUMN place INTEGER;

-- Return paths that `mail_links` does not lead to: those made before, and of mails whose place was taken.
CREATE TABLE return_paths (
    envelope_from TEXT    NOT NULL,
    message       INTEGER NOT NULL REFERENCES messages (key),
    PRIMARY KEY (envelope_from, message)
) STRICT, WITHOUT ROWID;
INSERT INTO return_paths (envelope_from, message) SELECT envelope_from, message FROM mails ORDER BY 1, 2;
DROP INDEX mails_envelope_from;

-- Whoever opens a check-in counts it in the same transaction (`turns.rs`), which costs half of what a trigger does.
DROP TRIGGER check_ins_counted;

-- What was due in an hour, without looking at each change of a message's state: what was taken back is counted apart.
DROP INDEX messages_first_due;
CREATE INDEX messages_first_due ON messages (first_due_at) WHERE first_due_at IS NOT NULL;
CREATE INDEX messages_taken_back ON messages (first_due_at) WHERE first_due_at IS NOT NULL AND state = 'cancelled';
