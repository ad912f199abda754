"""The tests: one file per thing a user would name."""
