"""Measure Entente beside a bare pipeline and beside what a user could pick instead (bench/README.md)."""
