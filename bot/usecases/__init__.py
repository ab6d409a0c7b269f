"""One async function per thing the bot does; the only place that opens a transaction."""
