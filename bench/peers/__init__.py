"""(b) What a user could pick instead, from the registries; each in an environment of its own (bench/README.md)."""
