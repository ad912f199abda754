"""A whole production on one machine, for the demo and for the tests."""
