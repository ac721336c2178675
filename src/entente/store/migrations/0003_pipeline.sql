-- Ten thousand items a second: one B-tree fewer per body, keyed by one integer, and precedence where what waits is looked for.
-- id = log << 44 | seq << 4 | place
CREATE TABLE body_by_id (id INTEGER PRIMARY KEY, sealed INTEGER NOT NULL, data BLOB NOT NULL);
INSERT INTO body_by_id SELECT (log << 44) | (seq << 4) | place, sealed, data FROM body;
DROP TABLE body;
ALTER TABLE body_by_id RENAME TO body;

-- The content keys lie in the per-item key store alone, out of the way of ordinary backups.
DROP TABLE content_key;

-- What is not ROUTINE goes first (0 FLASH, 1 IMMEDIATE, 2 PRIORITY, 3 ROUTINE), found without a walk through what waits.
ALTER TABLE wrap ADD COLUMN rank INTEGER NOT NULL DEFAULT 3;
CREATE INDEX wrap_urgent ON wrap (log, recipient, rank, seq) WHERE rank < 3;

-- Transfers that are not complete: part 'body' while the bodies are on their way, 'payload' while segments are.
CREATE TABLE awaited (
    log INTEGER NOT NULL, seq INTEGER NOT NULL, part TEXT NOT NULL CHECK (part IN ('body', 'payload')),
    item TEXT NOT NULL, PRIMARY KEY (log, seq)
) WITHOUT ROWID;
INSERT INTO awaited SELECT log, seq, 'payload', '' FROM awaiting;
DROP TABLE awaiting;

-- Entries that a ledger is rebuilt from when the node starts: everything but items, heads and receipts that answer no act.
CREATE TABLE fact (at_order INTEGER PRIMARY KEY);
INSERT INTO fact SELECT at_order FROM entry WHERE kind != 'transfer';
CREATE INDEX awaited_item ON awaited (item) WHERE item != '';
