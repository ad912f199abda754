"""The data's way back, shared by the full rollback, the restore and the verification: what is looked at first, and the steps."""
