-- Schema 6: users are invited and let go, and forget their passwords; what the machinery did, by the hour.

ALTER TABLE users ADD COLUMN deactivated_at INTEGER;               -- null: may sign in
ALTER TABLE users ADD COLUMN names TEXT NOT NULL DEFAULT 'full';   -- how lists name patients: full, initials
CREATE INDEX users_role ON users (role) WHERE deactivated_at IS NULL;

-- Links for users. A password set and a deactivation end them.
CREATE TABLE user_links (
    token_hash BLOB    NOT NULL PRIMARY KEY,                       -- SHA-256 of the link's 256 random bits
    user       INTEGER NOT NULL REFERENCES users (id),
    kind       TEXT    NOT NULL,                                   -- invitation, reset
    expires_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX user_links_user ON user_links (user);
CREATE INDEX user_links_expires ON user_links (expires_at);

CREATE INDEX audit_actor ON audit (actor, id);

-- When a mail was first due: trying it again moves `due_at`, and an outage must not look like an idle hour.
ALTER TABLE messages ADD COLUMN first_due_at INTEGER;
UPDATE messages SET first_due_at = due_at WHERE state = 'queued';
CREATE INDEX messages_first_due ON messages (first_due_at) WHERE first_due_at IS NOT NULL AND state <> 'cancelled';
CREATE INDEX messages_settled ON messages (state, settled_at) WHERE settled_at IS NOT NULL;
CREATE INDEX patients_dead ON patients (reach) WHERE reach = 'dead' AND stopped_at IS NULL;
