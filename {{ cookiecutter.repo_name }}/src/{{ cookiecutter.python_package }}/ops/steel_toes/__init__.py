"""Steel toes: every git branch has its own copy of the data."""
