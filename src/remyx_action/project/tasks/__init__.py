"""Load: what the pinned lighteval can measure, task by task, and what its metrics are called here."""

from .listing import Task, TaskList, TaskMetric, task_list
from .resolving import Chosen, Fault, Resolved, resolve

__all__ = ["Chosen", "Fault", "Resolved", "Task", "TaskList", "TaskMetric", "resolve", "task_list"]
