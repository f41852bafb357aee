"""The commands of the guards: each module has one ``command``."""
