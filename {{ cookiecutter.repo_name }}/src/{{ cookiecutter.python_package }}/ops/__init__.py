"""How a run of this project behaves: guards, and the ground that they stand on.

Imports run downwards only, and no guard imports another.
"""
