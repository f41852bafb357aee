"""Shared code: settings, git, the store, datasets, findings, the command line."""
