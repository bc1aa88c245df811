-- Schema 9: how rules fared, without looking at every check-in and every work item there was.

-- Check-ins opened on each day (whole days in UTC since 1970). Counts only, so they outlive erasure.
CREATE TABLE check_in_days (
    day    INTEGER PRIMARY KEY,
    opened INTEGER NOT NULL
) STRICT;
INSERT INTO check_in_days (day, opened)
    SELECT opened_at / 86400000000, count(*) FROM check_ins GROUP BY 1;
CREATE TRIGGER check_ins_counted AFTER INSERT ON check_ins BEGIN
    INSERT INTO check_in_days (day, opened) VALUES (NEW.opened_at / 86400000000, 1)
        ON CONFLICT (day) DO UPDATE SET opened = opened + 1;
END;

-- What a rule raised is counted; what people did about it is read, and people do only so much.
DROP INDEX work_items_score;
CREATE INDEX work_items_raised ON work_items (flag, created_at) WHERE flag IS NOT NULL;
CREATE INDEX work_items_seen_to ON work_items (flag, created_at, outcome, outcome_at, contacted_at)
    WHERE flag IS NOT NULL AND (outcome IS NOT NULL OR contacted_at IS NOT NULL);
DROP TABLE rule_scores;
