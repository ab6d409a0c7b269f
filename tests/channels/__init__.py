"""Channels, each against a server that answers what the test says."""
