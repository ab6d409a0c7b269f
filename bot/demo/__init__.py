"""The demo: the stand-in and the bot in one process, for a person to try, or playing a conversation by itself."""
