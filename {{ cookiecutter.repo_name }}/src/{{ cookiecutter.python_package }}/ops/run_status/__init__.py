"""Run status: every run is recorded as it happens, for a page and ``kedro runs``."""
