"""Spatial questions about small scenes, and models small enough to answer them on any machine."""
