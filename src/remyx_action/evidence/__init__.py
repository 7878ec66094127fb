"""Compare the scores of two arms: exact sums that every estimate follows from."""
