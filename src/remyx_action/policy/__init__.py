"""Judge: the bar, its conditions and rules → marks and a verdict; what a change of the bar does."""
