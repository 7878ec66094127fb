"""Load: text → values with their places, read strictly."""
