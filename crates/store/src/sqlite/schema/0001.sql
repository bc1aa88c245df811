-- Schema 1.
-- Instants are microseconds since 1970 in UTC, dates are ISO texts, ids of people are random texts.
-- `events` is the one source for runs, answers, pauses and excuses: nothing in it is ever overwritten.

CREATE TABLE patients (
    key               INTEGER PRIMARY KEY,
    id                TEXT    NOT NULL UNIQUE,
    name              TEXT    NOT NULL,
    email             TEXT    NOT NULL,
    email_key         TEXT    NOT NULL,             -- the address in lower case
    language          TEXT    NOT NULL,
    units             TEXT    NOT NULL,
    enrolled_at       INTEGER NOT NULL,
    initial_time_zone TEXT    NOT NULL,             -- as enrolled; events change what follows
    initial_reach     TEXT    NOT NULL,
    time_zone         TEXT    NOT NULL,             -- in force, for lists
    reach             TEXT    NOT NULL,
    stopped_at        INTEGER,
    next_due          INTEGER,
    version           INTEGER NOT NULL DEFAULT 0    -- one more with every change to the chart
) STRICT;
-- One running enrolment for each address; earlier ones that were stopped stay.
CREATE UNIQUE INDEX patients_active_email ON patients (email_key) WHERE stopped_at IS NULL;
CREATE INDEX patients_email ON patients (email_key, key);
CREATE INDEX patients_due ON patients (next_due) WHERE next_due IS NOT NULL;

CREATE TABLE events (
    patient INTEGER NOT NULL REFERENCES patients (key),
    seq     INTEGER NOT NULL,
    at      INTEGER NOT NULL,
    kind    TEXT    NOT NULL,
    body    TEXT    NOT NULL,                       -- the promised JSON shape of one event
    book    BLOB    NOT NULL,                       -- hash of the rule book in force
    PRIMARY KEY (patient, seq)
) STRICT, WITHOUT ROWID;
CREATE TRIGGER events_stay BEFORE UPDATE ON events BEGIN
    SELECT RAISE(ABORT, 'events are never changed');
END;

CREATE TABLE check_ins (
    patient    INTEGER NOT NULL REFERENCES patients (key),
    seq        INTEGER NOT NULL,
    check_in   TEXT    NOT NULL,
    about_day  TEXT    NOT NULL,
    opened_at  INTEGER NOT NULL,
    expires_at INTEGER NOT NULL,
    questions  TEXT    NOT NULL,                    -- JSON list of ids
    about_run  TEXT,
    probe      INTEGER NOT NULL,
    PRIMARY KEY (patient, seq)
) STRICT, WITHOUT ROWID;

CREATE TABLE links (
    token_hash BLOB    NOT NULL PRIMARY KEY,        -- SHA-256 of the token, which is stored nowhere
    patient    INTEGER NOT NULL REFERENCES patients (key),
    scope      TEXT    NOT NULL,                    -- check_in, my_page, stop, confirm
    check_in   TEXT,
    about_day  TEXT,
    expires_at INTEGER,
    revoked_at INTEGER
) STRICT, WITHOUT ROWID;
CREATE INDEX links_patient ON links (patient);

-- Ledger and outbox in one. What only the mail needs is in `mails`, so that charts stay cheap to read.
CREATE TABLE messages (
    key              INTEGER PRIMARY KEY,
    patient          INTEGER REFERENCES patients (key),   -- null: mail of the clinic as a whole
    identity         TEXT    NOT NULL,
    recipient        TEXT    NOT NULL,                    -- empty: no mail
    audience         TEXT    NOT NULL,
    state            TEXT    NOT NULL,
    subject          TEXT,                                -- JSON; null: not a decision about a patient
    attempt          INTEGER NOT NULL,                    -- how often the matter came up
    decided_at       INTEGER NOT NULL,
    at               INTEGER NOT NULL,
    message          TEXT,
    urgent           INTEGER NOT NULL,
    covered_by       TEXT,                                -- identity as text
    covered_by_entry TEXT,                                -- the same as JSON
    rank             INTEGER NOT NULL,                    -- 0 urgent to the clinic, 1 urgent, 2 to the clinic, 3 other
    due_at           INTEGER,
    stale_at         INTEGER,
    worker           TEXT,
    lease_until      INTEGER,
    in_doubt         INTEGER NOT NULL DEFAULT 0,
    attempts         INTEGER NOT NULL DEFAULT 0,
    first_attempt_at INTEGER,
    settled_at       INTEGER,
    end_code         TEXT,
    end_reason       TEXT,
    book             BLOB,
    reason_code      TEXT    NOT NULL,
    reason_text      TEXT    NOT NULL,
    facts            TEXT    NOT NULL
) STRICT;
CREATE UNIQUE INDEX messages_identity ON messages (coalesce(patient, 0), identity, recipient);
CREATE INDEX messages_patient ON messages (patient, key);
CREATE INDEX messages_queued ON messages (rank, due_at) WHERE state = 'queued';
CREATE INDEX messages_stale ON messages (stale_at) WHERE state = 'queued' AND stale_at IS NOT NULL;
CREATE INDEX messages_leased ON messages (lease_until) WHERE state IN ('leased', 'transmitting');
CREATE INDEX messages_quarantined ON messages (key) WHERE state = 'quarantined';
CREATE INDEX messages_covered ON messages (patient, covered_by) WHERE state = 'covered';

CREATE TABLE mails (
    message       INTEGER PRIMARY KEY REFERENCES messages (key),
    message_id    TEXT NOT NULL,
    envelope_from TEXT NOT NULL,
    subject       TEXT NOT NULL,
    bytes         BLOB NOT NULL
) STRICT;

CREATE TABLE attempts (
    message INTEGER NOT NULL REFERENCES messages (key),
    seq     INTEGER NOT NULL,
    at      INTEGER NOT NULL,
    outcome TEXT    NOT NULL,
    PRIMARY KEY (message, seq)
) STRICT, WITHOUT ROWID;

CREATE TABLE work_items (
    id          INTEGER PRIMARY KEY,
    patient     INTEGER NOT NULL REFERENCES patients (key),
    identity    TEXT    NOT NULL,
    flag        TEXT,
    level       TEXT    NOT NULL,
    reason_code TEXT    NOT NULL,
    reason_text TEXT    NOT NULL,
    created_at  INTEGER NOT NULL,
    state       TEXT    NOT NULL DEFAULT 'new',
    digest_due  INTEGER,
    digested_at INTEGER,
    UNIQUE (patient, identity)
) STRICT;
CREATE INDEX work_items_digest ON work_items (digest_due) WHERE digest_due IS NOT NULL AND digested_at IS NULL;

CREATE TABLE rule_books (
    hash BLOB NOT NULL,
    path TEXT NOT NULL,
    bytes BLOB NOT NULL,
    PRIMARY KEY (hash, path)
) STRICT, WITHOUT ROWID;
-- Which book was live from when on; the last line is the one in force.
CREATE TABLE rule_books_live (
    seq   INTEGER PRIMARY KEY,
    hash  BLOB    NOT NULL,
    since INTEGER NOT NULL
) STRICT;

CREATE TABLE settings (
    key   TEXT NOT NULL PRIMARY KEY,
    value TEXT NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE audit (
    id      INTEGER PRIMARY KEY,
    at      INTEGER NOT NULL,
    actor   TEXT    NOT NULL,
    action  TEXT    NOT NULL,
    subject TEXT    NOT NULL
) STRICT;
CREATE TRIGGER audit_stays BEFORE UPDATE ON audit BEGIN
    SELECT RAISE(ABORT, 'the audit log is never changed');
END;
CREATE TRIGGER audit_remains BEFORE DELETE ON audit BEGIN
    SELECT RAISE(ABORT, 'the audit log is never changed');
END;
