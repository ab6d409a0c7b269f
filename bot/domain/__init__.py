"""Decisions: pure functions and values. Standard library only, no async, no I/O, no clock."""
