"""alertbot: a two-way alerting bot for Hipchat rooms."""
