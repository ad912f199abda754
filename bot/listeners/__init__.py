"""One file per operation: what a person sent is stored, acknowledged and handed over."""
