-- Schema 10: how rules fared, without looking at every check-in and every work item there was.

-- Check-ins opened, and work items that a rule raised, on each day: whole days in UTC since 1970. The triggers keep
-- them as a count of the rows would have it.
CREATE TABLE check_in_days (
    day    INTEGER PRIMARY KEY,
    opened INTEGER NOT NULL
) STRICT;
CREATE TABLE work_item_days (
    flag   TEXT    NOT NULL,
    day    INTEGER NOT NULL,
    raised INTEGER NOT NULL,
    PRIMARY KEY (flag, day)
) STRICT, WITHOUT ROWID;
INSERT INTO check_in_days (day, opened)
    SELECT opened_at / 86400000000, count(*) FROM check_ins GROUP BY 1;
INSERT INTO work_item_days (flag, day, raised)
    SELECT flag, created_at / 86400000000, count(*) FROM work_items WHERE flag IS NOT NULL GROUP BY 1, 2;

CREATE TRIGGER check_ins_counted AFTER INSERT ON check_ins BEGIN
    INSERT INTO check_in_days (day, opened) VALUES (NEW.opened_at / 86400000000, 1)
        ON CONFLICT (day) DO UPDATE SET opened = opened + 1;
END;
CREATE TRIGGER check_ins_uncounted AFTER DELETE ON check_ins BEGIN
    UPDATE check_in_days SET opened = opened - 1 WHERE day = OLD.opened_at / 86400000000;
END;
CREATE TRIGGER work_items_counted AFTER INSERT ON work_items WHEN NEW.flag IS NOT NULL BEGIN
    INSERT INTO work_item_days (flag, day, raised) VALUES (NEW.flag, NEW.created_at / 86400000000, 1)
        ON CONFLICT (flag, day) DO UPDATE SET raised = raised + 1;
END;
CREATE TRIGGER work_items_uncounted AFTER DELETE ON work_items WHEN OLD.flag IS NOT NULL BEGIN
    UPDATE work_item_days SET raised = raised - 1
        WHERE flag = OLD.flag AND day = OLD.created_at / 86400000000;
END;

-- What people did about it is read row by row: people do only so much.
DROP INDEX work_items_score;
CREATE INDEX work_items_raised ON work_items (flag, created_at) WHERE flag IS NOT NULL;
CREATE INDEX work_items_seen_to ON work_items (flag, created_at, outcome, outcome_at, contacted_at)
    WHERE flag IS NOT NULL AND (outcome IS NOT NULL OR contacted_at IS NOT NULL);
DROP TABLE rule_scores;
