-- Items given and not answered yet, by party: few of many, so that looking for overdue answers costs nothing.
CREATE INDEX register_unanswered ON register (party, number) WHERE direction = 'given' AND answered IS NULL;

-- Lines of the register that were noted in the national log as overdue, each once.
CREATE TABLE tracer (number INTEGER PRIMARY KEY, due INTEGER NOT NULL);
