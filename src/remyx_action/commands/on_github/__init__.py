"""A job on GitHub: one module a mode."""
