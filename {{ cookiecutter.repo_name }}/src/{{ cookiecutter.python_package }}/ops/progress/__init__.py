"""Progress: a run that is quick, easy to watch, and clear about how it ended."""
