"""Progress: a faster run, one progress bar, and a summary at the end."""
