"""The store: the logs a node writes and holds, behind the narrowest port."""
