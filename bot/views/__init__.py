"""One file per operation: rows in, Block Kit out. Pure."""
