"""The record of verdicts: one file each, on a branch of their own or in a folder."""
