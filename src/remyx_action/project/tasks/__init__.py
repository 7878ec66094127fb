"""Load: what the pinned lighteval can measure, task by task, and what its metrics are called here."""

from .listing import Task, TaskList, TaskMetric, task_list
from .resolving import Chosen, Resolved, resolve

__all__ = ["Chosen", "Resolved", "Task", "TaskList", "TaskMetric", "resolve", "task_list"]
