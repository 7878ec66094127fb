"""Tests that share fixtures."""
