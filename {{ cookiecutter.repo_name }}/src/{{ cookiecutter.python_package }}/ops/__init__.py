"""The guards. Do not edit them: an update of the starter replaces this folder.

Each folder is one guard, and ``core`` is the code that they share. A guard imports only
``core`` and itself; ``node_stats`` and ``notifications`` also import ``run_status``.
"""

__version__ = "1.0.0"

# Their order in the register of hooks.py; skip_unchanged is a session, not a hook.
ORDER = (
    "progress",  # shows how far a run has come, and how it ended
    "notifications",  # sends one message when a run needs attention
    "node_stats",  # records rows, columns, nulls, bytes and memory of each node
    "run_status",  # records every run as it happens
    "expectations",  # blocks data that fails its suite
    "path_rules",  # moves the catalog's data to another bucket, folder or schema
    "steel_toes",  # gives every git branch its own copy of the data
    "preflight",  # stops a run that cannot succeed
)
