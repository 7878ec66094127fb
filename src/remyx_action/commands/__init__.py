"""A module for each command other than `run`; each returns its output and the exit code."""
