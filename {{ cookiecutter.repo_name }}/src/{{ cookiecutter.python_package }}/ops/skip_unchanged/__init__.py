"""Skip unchanged: run only the nodes whose code, parameters or data changed."""
