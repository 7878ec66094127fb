"""`python -m remyx_action`: the console script without its installation."""

from remyx_action.cli import main

main()
