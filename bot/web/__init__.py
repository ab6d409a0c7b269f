"""The web: aiohttp. A handler is: who, read, call, answer."""
