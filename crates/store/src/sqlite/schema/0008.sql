-- Schema 8: rule books: who made an edit and why, edits that were refused, and what a book sent.

-- Written before the file is, so that a crash in between loses nobody's name. `live` names the line of
-- `rule_books_live` that came of it.
CREATE TABLE rule_edits (
    id     INTEGER PRIMARY KEY,
    hash   BLOB    NOT NULL,                        -- of the folder as it is to be
    at     INTEGER NOT NULL,
    user   INTEGER NOT NULL REFERENCES users (id),
    file   TEXT    NOT NULL,
    reason TEXT    NOT NULL,
    live   INTEGER REFERENCES rule_books_live (seq)
) STRICT;
CREATE INDEX rule_edits_pending ON rule_edits (hash, id) WHERE live IS NULL;
CREATE UNIQUE INDEX rule_edits_live ON rule_edits (live) WHERE live IS NOT NULL;

-- Folders that the gate refused. Their files are in `rule_books`.
CREATE TABLE rule_books_refused (
    seq      INTEGER PRIMARY KEY,
    hash     BLOB    NOT NULL,
    at       INTEGER NOT NULL,
    findings TEXT    NOT NULL
) STRICT;
CREATE INDEX rule_books_refused_hash ON rule_books_refused (hash);
CREATE INDEX rule_books_live_hash ON rule_books_live (hash);

CREATE INDEX messages_book ON messages (book, key) WHERE book IS NOT NULL;
