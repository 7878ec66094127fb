"""What we ask and tell GitHub: the edge that a verdict passes last, and that never changes it."""
