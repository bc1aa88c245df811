-- Schema 2: erasure, users of the console, and finding messages by their return path.

-- An erased patient leaves this row, empty but for its id, so that the id is never given again, that numbers
-- of messages are never used twice, and that what happened still counts.
ALTER TABLE patients ADD COLUMN erased_at INTEGER;

CREATE TABLE erasures (
    patient    INTEGER PRIMARY KEY REFERENCES patients (key),
    at         INTEGER NOT NULL,
    events     INTEGER NOT NULL,
    check_ins  INTEGER NOT NULL,
    messages   INTEGER NOT NULL,
    work_items INTEGER NOT NULL
) STRICT;

CREATE TABLE users (
    id            INTEGER PRIMARY KEY,
    email         TEXT    NOT NULL,
    email_key     TEXT    NOT NULL UNIQUE,          -- the address in lower case
    role          TEXT    NOT NULL,                 -- viewer, clinician, admin
    password_hash TEXT    NOT NULL,                 -- PHC text, argon2id
    added_at      INTEGER NOT NULL
) STRICT;

CREATE INDEX mails_envelope_from ON mails (envelope_from);
CREATE INDEX work_items_patient ON work_items (patient, id);
CREATE INDEX work_items_digested ON work_items (digested_at) WHERE digested_at IS NOT NULL;
CREATE INDEX audit_subject ON audit (subject, id);
-- Digests by the instant they were made, which is also written at the work items in them.
CREATE INDEX messages_of_clinic ON messages (decided_at) WHERE patient IS NULL;
