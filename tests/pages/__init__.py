"""The bot's pages in a real browser, through the stand-in's page."""
