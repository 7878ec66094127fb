"""Stands for a harness; these examples are what harnesses leave behind."""
