"""`tasks`: what lighteval can measure: all of it, what a word finds, or one task with its template."""

from __future__ import annotations

from remyx_action.errors import WrongUsage
from remyx_action.project.files.wording import did_you_mean, quoted
from remyx_action.project.tasks import TaskList, task_list
from remyx_action.project.tasks.listing import key_of, label_of
from remyx_action.report.render.tasks import list_as_text, one_as_text, tasks_as_json

from .output import Output, Screen


def tasks(query: str | None) -> Output:
    """Return all tasks, or those that the query names; WrongUsage where nothing is called so."""
    known = task_list()
    found = known.names if query is None else find(query, known)

    def as_text(screen: Screen) -> str:
        if query is not None and len(found) == 1:
            return one_as_text(known, found[0], width=screen.width)
        return list_as_text(known, found, width=screen.width)

    return Output(formats={"text": as_text, "json": lambda _: tasks_as_json(known, found)})


def find(query: str, known: TaskList) -> list[str]:
    """The task or group of that name, else every one whose name, data set or metric has all the words."""
    if known.find(query):
        return [query]
    words = query.casefold().split()
    found = [name for name in known.names if all(word in _text(name, known) for word in words)]
    if not found:
        raise WrongUsage(
            f"lighteval {known.version} has no task with {quoted(query)}",
            help=did_you_mean(query, known.names, none="`remyx-action tasks` lists them"),
        )
    return found


def _text(name: str, known: TaskList) -> str:
    """What is searched of a task; of a group what its tasks share: a part is found by its own name."""
    group = known.groups.get(name)
    tasks = group or known.find(name)
    names = {metric.name for task in tasks for metric in task.metrics}
    metrics = {f"{name} {key_of(name)} {label_of(name)}" for name in names}
    data = {task.dataset if group else f"{task.dataset} {task.subset or ''}" for task in tasks}
    return " ".join([name, *sorted(data), *sorted(metrics)]).casefold()
