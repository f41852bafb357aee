"""Notifications: one message when a run needs attention."""
