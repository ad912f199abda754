"""What can be done to production; sync, and without any knowledge of Slack."""
