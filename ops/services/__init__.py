"""One file per outside system: nothing else talks to the outside."""
