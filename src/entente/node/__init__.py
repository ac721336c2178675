"""A party's node: its use cases and the one place where everything is put together."""
