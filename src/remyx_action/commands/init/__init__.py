"""Setting up: what a person answers, or what the repository shows → the texts of the files that set a bar."""
