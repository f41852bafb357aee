"""Preflight: a run that would fail stops before it starts."""
