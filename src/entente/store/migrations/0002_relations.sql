-- What an item given or held is to an earlier one of the same sender; by_item is its own id.
CREATE TABLE relation (
    log INTEGER NOT NULL, seq INTEGER NOT NULL, kind TEXT NOT NULL CHECK (kind IN ('update', 'cancel')),
    item TEXT NOT NULL, by_item TEXT NOT NULL, PRIMARY KEY (log, seq)
) WITHOUT ROWID;
CREATE INDEX relation_item ON relation (item);

-- The last number given or seen of each ordered feed, and what its first item bound it to.
CREATE TABLE stream (
    log INTEGER NOT NULL, stream TEXT NOT NULL, number INTEGER NOT NULL, standing TEXT NOT NULL, recipients TEXT NOT NULL,
    PRIMARY KEY (log, stream)
) WITHOUT ROWID;
