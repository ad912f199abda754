"""Slack and the web in front of ops: words in, words out. No business rule lives here."""
