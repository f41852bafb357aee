"""Skip unchanged: only the nodes run whose code, parameters or data changed."""
