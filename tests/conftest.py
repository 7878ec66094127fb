"""What several test modules share."""

pytest_plugins = ["github_stand_in.counting"]
