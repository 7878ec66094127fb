"""The folder on disk: finding the project, reading it and its results safely, writing results whole."""

from .output_folder import OutputFolder, copies_of, prepare_output, put_in_place, remove_written, write_whole
from .project_files import describe_script, files_below, find_root, read_below, read_harness, read_project
from .results import ResultsFolder, open_results, open_run

__all__ = [
    "OutputFolder",
    "ResultsFolder",
    "copies_of",
    "describe_script",
    "files_below",
    "find_root",
    "open_results",
    "open_run",
    "prepare_output",
    "put_in_place",
    "read_below",
    "read_harness",
    "read_project",
    "remove_written",
    "write_whole",
]
