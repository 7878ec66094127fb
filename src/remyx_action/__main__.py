"""`python -m remyx_action`: the console script without its installation."""

from .cli import main

main()
