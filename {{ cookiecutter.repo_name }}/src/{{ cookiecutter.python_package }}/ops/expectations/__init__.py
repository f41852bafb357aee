"""Expectations: data that fails its suite is not saved."""
