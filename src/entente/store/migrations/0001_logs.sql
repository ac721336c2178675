-- What a node knows of itself: high-water instant, sizes last agreed with peers at start, settings of the simulated clock.
CREATE TABLE node (key TEXT PRIMARY KEY, value BLOB NOT NULL) WITHOUT ROWID;

-- One row per log: the parties' logs of each agreement, and the national log. Compare-and-set is on (size, root).
CREATE TABLE log (
    id INTEGER PRIMARY KEY,
    agreement BLOB NOT NULL,
    writer TEXT NOT NULL,
    incarnation TEXT NOT NULL,
    size INTEGER NOT NULL,
    root BLOB NOT NULL,
    frontier BLOB NOT NULL,
    last_instant INTEGER NOT NULL,
    checkpoint TEXT NOT NULL,
    UNIQUE (agreement, writer, incarnation)
);

-- at_order: the order in which this node committed entries of all logs; replaying in it repeats what the node knew.
CREATE TABLE entry (
    log INTEGER NOT NULL REFERENCES log (id),
    seq INTEGER NOT NULL,
    at_order INTEGER NOT NULL UNIQUE,
    kind TEXT NOT NULL,
    instant INTEGER NOT NULL,
    envelope BLOB NOT NULL,
    PRIMARY KEY (log, seq)
) WITHOUT ROWID;

CREATE TABLE body (
    log INTEGER NOT NULL,
    seq INTEGER NOT NULL,
    place INTEGER NOT NULL,
    sealed INTEGER NOT NULL,
    data BLOB NOT NULL,
    PRIMARY KEY (log, seq, place)
) WITHOUT ROWID;

-- Frontiers at intervals, so that the root at any earlier size costs a bounded number of hashes.
CREATE TABLE frontier (log INTEGER NOT NULL, size INTEGER NOT NULL, data BLOB NOT NULL, PRIMARY KEY (log, size)) WITHOUT ROWID;

-- The content key of an item: wrapped for a recipient until it has receipted; locked under the per-item key at rest.
CREATE TABLE wrap (
    log INTEGER NOT NULL, seq INTEGER NOT NULL, recipient TEXT NOT NULL, data BLOB NOT NULL,
    PRIMARY KEY (log, seq, recipient)
) WITHOUT ROWID;
CREATE TABLE content_key (
    log INTEGER NOT NULL, seq INTEGER NOT NULL, item TEXT NOT NULL, data BLOB NOT NULL, PRIMARY KEY (log, seq)
) WITHOUT ROWID;

-- The newest cosigned checkpoint of a log by each party: proof of what it holds, kept whole.
CREATE TABLE cosigned (
    log INTEGER NOT NULL, party TEXT NOT NULL, size INTEGER NOT NULL, note TEXT NOT NULL,
    PRIMARY KEY (log, party)
) WITHOUT ROWID;

-- Transfers whose payload is still on its way; they are answered when it is complete.
CREATE TABLE awaiting (log INTEGER NOT NULL, seq INTEGER NOT NULL, PRIMARY KEY (log, seq)) WITHOUT ROWID;

-- The register: one line per item given, held, or refused on arrival. Titles are not here: they are in bodies and can be destroyed.
CREATE TABLE register (
    number INTEGER PRIMARY KEY AUTOINCREMENT,
    log INTEGER NOT NULL,
    seq INTEGER NOT NULL,
    party TEXT NOT NULL,
    direction TEXT NOT NULL CHECK (direction IN ('given', 'held', 'refused')),
    item TEXT NOT NULL,
    state TEXT NOT NULL,
    instant INTEGER NOT NULL,
    answered INTEGER,
    opened INTEGER,
    UNIQUE (log, seq, party, direction)
);
CREATE INDEX register_item ON register (item);

-- Private keys of the day for sealing and link epochs, each locked under the node's storage key.
CREATE TABLE secret (kind TEXT NOT NULL, id BLOB NOT NULL, created INTEGER NOT NULL, data BLOB NOT NULL, PRIMARY KEY (kind, id)) WITHOUT ROWID;

-- Evidence against a party that contradicts its own signature, kept for good.
CREATE TABLE evidence (id INTEGER PRIMARY KEY, party TEXT NOT NULL, text TEXT NOT NULL, instant INTEGER NOT NULL);
