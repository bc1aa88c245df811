-- Schema 7: what became of each work item, so that rules can be judged by it.

ALTER TABLE work_items ADD COLUMN contacted_at INTEGER;   -- when somebody was first in touch about it
ALTER TABLE work_items ADD COLUMN outcome TEXT;           -- a resolution
ALTER TABLE work_items ADD COLUMN outcome_at INTEGER;
-- The scorecard reads nothing but this index.
CREATE INDEX work_items_score ON work_items (flag, created_at, outcome, outcome_at, contacted_at)
    WHERE flag IS NOT NULL;

-- Rows that wait for somebody come before those somebody has been in touch about.
DROP INDEX work_list_open;
DROP INDEX work_list_owner;
ALTER TABLE work_list ADD COLUMN contacted INTEGER NOT NULL AS (state = 'contacted') VIRTUAL;
CREATE INDEX work_list_open ON work_list (urgency, contacted, due_at, patient) WHERE open = 1;
CREATE INDEX work_list_owner ON work_list (owner, urgency, contacted, due_at, patient) WHERE open = 1;
