"""Code that the guards share: settings, git, the store, datasets, findings, the command line."""
