"""Everything shaped like Hipchat: its callbacks, tokens, API calls, limits and cards."""
