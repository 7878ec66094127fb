"""Plan: which arms are run and how, and what a pull request proposes."""
