-- Schema 5: what left for patients within the last hour, so that the clinic's hourly budget outlives a restart, and
-- which urgent items were told to somebody else at an instant, so that erasing finds them.

CREATE INDEX messages_left ON messages (settled_at)
    WHERE audience = 'patient' AND (state = 'accepted' OR end_code = 'bounced');
CREATE INDEX work_items_escalated ON work_items (escalated_at) WHERE escalated_at IS NOT NULL;
