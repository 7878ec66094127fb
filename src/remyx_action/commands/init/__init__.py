"""Set up: what a person answered, or what the repository shows → the texts of the files that set a bar."""

from .answers import Answers, MetricAnswer
from .conditions import check_condition, recommended
from .finding import Found, find_in
from .texts import example_folder, texts_of, workflow_texts

__all__ = [
    "Answers",
    "Found",
    "MetricAnswer",
    "check_condition",
    "example_folder",
    "find_in",
    "recommended",
    "texts_of",
    "workflow_texts",
]
