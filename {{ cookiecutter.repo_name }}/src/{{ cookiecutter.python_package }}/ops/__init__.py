"""How a run of this project behaves. Imports run downwards only.

Guards:  ``steel_toes``
Ground:  ``branched_dataset``, ``storage``, ``location``, ``branch``, ``options``, ``errors``
"""
