"""The store: the logs a node writes and holds, behind the narrowest port; SQLite here, others under the same contract."""
