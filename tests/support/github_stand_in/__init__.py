"""A stand-in for GitHub: its own contract, a stateful server over HTTP, and its webhook payloads."""
