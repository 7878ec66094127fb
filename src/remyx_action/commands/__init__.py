"""One recital per command other than `run`; each returns what to print and the exit code."""
