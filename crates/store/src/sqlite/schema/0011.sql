-- Schema 11: how often a mail server took a message and did not say what it made of it; what people told us while the
-- clock was in doubt; rows that cannot be read.

ALTER TABLE messages ADD COLUMN unanswered INTEGER NOT NULL DEFAULT 0;

-- Recorded, and not yet part of the chart: the first turn under a clock that is believed takes them in.
CREATE TABLE waiting_events (
    patient INTEGER NOT NULL REFERENCES patients (key),
    seq     INTEGER NOT NULL,
    at      INTEGER NOT NULL,                       -- as the doubted clock showed
    body    TEXT    NOT NULL,
    told    INTEGER NOT NULL,                       -- the clinic has been told of the emergency in it
    PRIMARY KEY (patient, seq)
) STRICT;
ALTER TABLE patients ADD COLUMN waiting INTEGER NOT NULL DEFAULT 0;
CREATE INDEX work_items_unreadable ON work_items (id) WHERE reason_code = 'unreadable' AND state <> 'resolved';
CREATE INDEX patients_waiting ON patients (key) WHERE waiting = 1;
