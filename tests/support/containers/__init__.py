"""Containers on a real engine that the suite starts."""
