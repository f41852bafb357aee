"""Node stats: rows, columns, nulls, bytes and memory of each node."""
