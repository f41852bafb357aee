"""Preflight: a run that cannot succeed stops before it starts."""
