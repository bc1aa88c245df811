-- Schema 4: the clinic's console: who is signed in, and what becomes of the work.

ALTER TABLE users ADD COLUMN looked_at INTEGER;       -- up to when the work-list has been looked through

CREATE TABLE sessions (
    token_hash BLOB    NOT NULL PRIMARY KEY,          -- SHA-256 of the cookie's 256 random bits
    user       INTEGER NOT NULL REFERENCES users (id),
    created_at INTEGER NOT NULL,
    used_at    INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX sessions_user ON sessions (user);
CREATE INDEX sessions_created ON sessions (created_at);

-- The work-list: one row for each patient there ever was work about. `open` is 0 once all is resolved.
CREATE TABLE work_list (
    patient       INTEGER PRIMARY KEY REFERENCES patients (key),
    open          INTEGER NOT NULL,
    urgency       INTEGER NOT NULL,                   -- 0 emergency, 1 same day, 2 next day, 3 watch
    due_at        INTEGER NOT NULL,                   -- when somebody should have seen to it
    raised_at     INTEGER NOT NULL,                   -- of its newest work item
    item          INTEGER NOT NULL,                   -- the work item that makes it this urgent
    state         TEXT    NOT NULL,                   -- new, acknowledged, contacted, resolved, snoozed
    owner         INTEGER REFERENCES users (id),
    snoozed_until INTEGER,
    quiet         INTEGER NOT NULL                    -- the patient fell silent and has not answered since
) STRICT;
CREATE INDEX work_list_open ON work_list (urgency, due_at, patient) WHERE open = 1;
CREATE INDEX work_list_owner ON work_list (owner, urgency, due_at, patient) WHERE open = 1;

CREATE TABLE work_history (
    id      INTEGER PRIMARY KEY,
    patient INTEGER NOT NULL REFERENCES patients (key),
    at      INTEGER NOT NULL,
    user    INTEGER REFERENCES users (id),            -- null: Afterrun itself
    what    TEXT    NOT NULL,                         -- a word: take, contact, resolve, ...
    detail  TEXT    NOT NULL                          -- a choice, or a person's own words
) STRICT;
CREATE INDEX work_history_patient ON work_history (patient, id);

-- How each rule fares: counts only, so they outlive erasure.
CREATE TABLE rule_scores (
    flag       TEXT    NOT NULL PRIMARY KEY,
    raised     INTEGER NOT NULL DEFAULT 0,
    useful     INTEGER NOT NULL DEFAULT 0,
    not_needed INTEGER NOT NULL DEFAULT 0
) STRICT, WITHOUT ROWID;

-- What is there already: nobody has touched it yet.
INSERT INTO rule_scores (flag, raised)
    SELECT flag, count(*) FROM work_items WHERE flag IS NOT NULL GROUP BY flag;
INSERT INTO work_list (patient, open, urgency, due_at, raised_at, item, state, quiet)
    SELECT patient, 1,
        min(CASE level WHEN 'now' THEN 0 WHEN 'today' THEN 1 ELSE 3 END),
        min(created_at) + 86400000000, max(created_at), max(id), 'new', 0
    FROM work_items GROUP BY patient;
