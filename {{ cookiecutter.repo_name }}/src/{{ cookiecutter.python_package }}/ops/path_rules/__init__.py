"""Path rules: one catalog for all environments, wherever their data is."""
