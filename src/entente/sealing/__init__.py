"""Suites, keys, signing, sealing, and trust in a party's keys. Everything cryptographic happens below this package."""
