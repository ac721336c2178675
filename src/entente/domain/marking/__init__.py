"""Markings: what the originator wrote, what it corresponds to elsewhere, and who may have it (docs/spec/marking.md)."""
