"""Figures side by side in one run: ``python -m tests.bench [--quick]``. One file a subject; each gives lines of the table."""
