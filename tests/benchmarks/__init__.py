"""Benchmarks: what the bot does in a second beside a bare handler on the same machine in the same run (performance.md)."""
