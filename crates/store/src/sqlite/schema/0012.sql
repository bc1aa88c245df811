-- Schema 12: mails of one message are kept as their difference from a mail that was written for nobody.

-- Written once and never changed. Nothing of a person is in here, so erasing one leaves it as it is.
CREATE TABLE mail_bases (
    key   INTEGER PRIMARY KEY,                      -- the first 8 bytes of the SHA-256 of `bytes`, as a signed number
    bytes BLOB NOT NULL
) STRICT;

-- Null: `bytes` is the mail. Otherwise `bytes` is the CRC-32 of the mail (4 bytes), its length (2 bytes), both
-- little-endian, and a block of LZ4 with the base as its dictionary. Empty `bytes` are a mail that was emptied.
ALTER TABLE mails ADD COLUMN base INTEGER REFERENCES mail_bases (key);
