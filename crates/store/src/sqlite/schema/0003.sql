-- Schema 3: watching. Check-ins of all patients by time, and urgent work that nobody has taken.

CREATE INDEX check_ins_opened ON check_ins (opened_at, patient, seq);

-- When somebody else was told of an urgent item that nobody had taken.
ALTER TABLE work_items ADD COLUMN escalated_at INTEGER;
CREATE INDEX work_items_unacknowledged ON work_items (created_at)
    WHERE level = 'now' AND state = 'new' AND escalated_at IS NULL;
