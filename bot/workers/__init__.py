"""Loops without knowledge: they wake, call a use case, and stop at once."""
