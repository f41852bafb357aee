"""The guards: a kit that this project carries and does not edit.

One folder is one guard, and ``core`` is the ground that they share. Imports run downwards
only: a guard imports ``core`` and itself, and ``node_stats`` and ``notifications`` also
``run_status``. An update of the starter replaces this folder as a whole.
"""

__version__ = "0.9.0"
