-- Schema 9: how often a mail server took a message and did not say what it made of it.

ALTER TABLE messages ADD COLUMN unanswered INTEGER NOT NULL DEFAULT 0;
