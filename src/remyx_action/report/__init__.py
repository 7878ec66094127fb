"""Report: the versioned view of a verdict, the only thing that renderers see."""
