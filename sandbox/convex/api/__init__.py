"""The deployment's HTTP API: one file for each thing that the CLI does with it."""
