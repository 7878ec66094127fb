"""What several test modules share."""

pytest_plugins = ["github_stand_in.counting", "github_stand_in.stage"]
