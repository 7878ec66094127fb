"""The stages that `run` and `publish` recite: where things are read, measured, judged and written."""
