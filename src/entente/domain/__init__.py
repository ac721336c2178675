"""The domain: pure decisions about agreements, markings and releases; no I/O, no clock, no randomness."""
