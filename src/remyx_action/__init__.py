"""remyx-action: a pre-committed bar for AI changes, judged as ship, reject or iterate."""

__version__ = "0.1.0"
