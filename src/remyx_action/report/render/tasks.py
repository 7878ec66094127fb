"""lighteval's tasks for people, as a table or one by one with a template to paste, and for programs."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from textwrap import wrap

from remyx_action.project.tasks import Task, TaskList, TaskMetric
from remyx_action.project.tasks.listing import SUBTASK, key_of, label_of
from remyx_action.project.tasks.resolving import Offer, offers_of

ASKED_FOR = {"generative": "text", "logprobs": "likelihoods", "perplexity": "likelihoods of whole texts"}
"""What the model gives, by sampling mode."""
LONGEST_NAME = 34
MOST_KEYS = 3
GAP = "  "


def list_as_text(known: TaskList, names: Sequence[str], *, width: int = 80) -> str:
    """One line a task or group, those that cannot be judged below with their reasons.

    Tasks of a group that is listed are not listed one by one.
    """
    every: dict[str, list[Task]] = {}
    for name in names:
        above = name.partition(SUBTASK)[0]
        if above in known.groups and above in names and name != above:
            continue
        row = f"{above}{SUBTASK}…" if above != name and above in known.tasks and above in names else name
        every.setdefault(row, []).extend(known.groups.get(name) or known.find(name))
    every = {tasks[0].name if len(tasks) == 1 else row: tasks for row, tasks in every.items()}
    can = {name: tasks for name, tasks in every.items() if any(task.measurable for task in tasks)}
    cannot = {name: tasks for name, tasks in every.items() if name not in can}
    parts = [_summary(known), *_table(can, width)] if can else [_summary(known)]
    if cannot:
        parts += ["", "No verdict can rest on", *_reasons(cannot, width)]
    return "\n".join([*parts, "", "`remyx-action tasks NAME` shows one, with a template to paste.", ""])


def one_as_text(known: TaskList, name: str, *, width: int = 80) -> str:
    """All about one task or group; where it can be judged, with the template that measures it."""
    group = known.groups.get(name)
    tasks = group or known.find(name)
    offers = offers_of(tasks)
    lines = [name, *_facts(tasks, width)]
    if group:
        lines += _filled("tasks", ", ".join(task.name for task in group), width)
    if offers:
        lines += ["", *_offers(offers, len(tasks), width), *_beside(tasks, offers, width)]
        return "\n".join([*lines, "", *_template(name, offers, width), ""])
    return "\n".join([*lines, *_beside(tasks, offers, width), "", "No verdict can rest on it.", ""])


def tasks_as_json(known: TaskList, names: Sequence[str]) -> str:
    """The same bytes for the same list."""
    document = {
        "schema": "remyx-tasks/1",
        "lighteval": known.version,
        "groups": {
            name: [task.name for task in known.groups[name]] for name in names if name in known.groups
        },
        "tasks": [_task_as_json(known.tasks[name]) for name in _tasks_of(known, names)],
    }
    return json.dumps(document, indent=2, ensure_ascii=False) + "\n"


def _tasks_of(known: TaskList, names: Sequence[str]) -> list[str]:
    of_groups = [task.name for name in names for task in known.groups.get(name, ())]
    return sorted({*of_groups, *(name for name in names if name in known.tasks)})


def _task_as_json(task: Task) -> dict[str, object]:
    return {
        "name": task.name,
        "supported": bool(task.measurable),
        "why_not": task.why_not or None,
        "dataset": task.dataset,
        "subset": task.subset,
        "revision": task.revision,
        "splits": list(task.splits),
        "few_shot": task.few_shot,
        "few_shot_split": task.few_shot_split,
        "metrics": [_metric_as_json(metric) for metric in task.metrics],
    }


def _metric_as_json(metric: TaskMetric) -> dict[str, object]:
    return {
        "key": key_of(metric.name),
        "name": metric.name,
        "label": label_of(metric.name),
        "direction": metric.direction,
        "mode": metric.mode,
        "range": list(metric.range) if metric.range else None,
        "answers": metric.answers,
        "does": metric.does or None,
        "why_not": metric.why_not or None,
    }


def _summary(known: TaskList) -> str:
    can = sum(1 for task in known.tasks.values() if task.measurable)
    return f"lighteval {known.version}: {len(known.tasks)} tasks, {can} of them can be judged"


def _table(every: Mapping[str, Sequence[Task]], width: int) -> list[str]:
    rows = []
    for name, tasks in every.items():
        offers = offers_of(tasks)
        modes = {ASKED_FOR[offer.metric.mode] for offer in offers}
        more = f" and {len(offers) - MOST_KEYS} more" if len(offers) > MOST_KEYS else ""
        keys = ", ".join(offer.key for offer in offers[:MOST_KEYS]) + more
        rows.append((name, len(tasks), "both" if len(modes) > 1 else modes.pop(), keys))
    name_width = min(LONGEST_NAME, max(len(name) for name, *_ in rows))
    mode_width = max(len("model gives"), *(len(mode) for _, _, mode, _ in rows))
    start = f"{'':{name_width}}{GAP}{'':5}{GAP}{'':{mode_width}}{GAP}"
    lines = ["", f"{'name':{name_width}}{GAP}tasks{GAP}{'model gives':{mode_width}}{GAP}metrics"]
    for name, count, mode, keys in rows:
        fits = len(name) <= name_width
        lines += [] if fits else [name]
        cells = f"{name if fits else '':{name_width}}{GAP}{count:5}{GAP}{mode:{mode_width}}{GAP}"
        lines += _wrapped(cells, keys, width, rest=start)
    return lines


def _reasons(every: Mapping[str, Sequence[Task]], width: int) -> list[str]:
    by_reason: dict[str, list[str]] = {}
    for name, tasks in every.items():
        why = "; ".join(dict.fromkeys(task.why_not for task in tasks))
        by_reason.setdefault(why, []).append(f"{name} ({len(tasks)})" if len(tasks) > 1 else name)
    lines = []
    for why, names in by_reason.items():
        lines += [*_wrapped(GAP, ", ".join(names), width), *_wrapped(GAP * 2, why, width)]
    return lines


def _facts(tasks: Sequence[Task], width: int) -> list[str]:
    first = tasks[0]
    datasets = list(dict.fromkeys(task.dataset for task in tasks))
    splits = list(dict.fromkeys(split for task in tasks for split in task.splits))
    subset = f", subset {first.subset}" if len(tasks) == 1 and first.subset else ""
    pinned = f", revision {first.revision}" if len(tasks) == 1 and first.revision else ""
    examples = list(dict.fromkeys(task.few_shot_split for task in tasks))
    shown = [f"from split {split}" if split else "from the evaluated data itself" for split in examples]
    modes = dict.fromkeys(ASKED_FOR[metric.mode] for task in tasks for metric in task.metrics)
    answers = max(metric.answers for task in tasks for metric in task.metrics)
    drawn = f", {answers} answers to each question" if answers > 1 else ""
    return [
        *_filled("data", f"{', '.join(datasets)}{subset}{pinned}, split {', '.join(splits)}", width),
        *_filled("solved examples", f"{' or '.join(shown)}, where few_shot asks for any", width),
        *_filled("model gives", f"{' and '.join(modes)}{drawn}", width),
    ]


def _offers(offers: Sequence[Offer], count: int, width: int) -> list[str]:
    """A table, or lines where it is too wide; where it differs, how many tasks report each."""
    differ = any(len(offer.of) < count for offer in offers)
    rows = [("key", "lighteval's name", "better", "range", "tasks" if differ else "")]
    for offer in offers:
        limits = offer.metric.range
        span = f"{limits[0]} to {limits[1]}" if limits else "not known"
        tasks = str(len(offer.of)) if differ else ""
        rows.append((offer.key, offer.name, offer.metric.direction, span, tasks))
    widths = [max(len(row[place]) for row in rows) for place in range(5)]
    cells = [[f"{cell:{width}}" for cell, width in zip(row, widths, strict=True)] for row in rows]
    table = [(GAP + GAP.join(row)).rstrip() for row in cells]
    if max(map(len, table)) <= width:
        return table
    words = [
        f"{key}{GAP}{direction} is better, {span}, {f'of {tasks} tasks, ' if tasks else ''}lighteval's {name}"
        for key, name, direction, span, tasks in rows[1:]
    ]
    return [line for one in words for line in _wrapped(GAP, one, width, rest=GAP * 3)]


def _beside(tasks: Sequence[Task], offers: Sequence[Offer], width: int) -> list[str]:
    """What computing a metric does besides, and which metrics no verdict can rest on."""
    remarks: dict[str, list[str]] = {}
    for offer in offers:
        if offer.metric.does:
            remarks.setdefault(offer.metric.does, []).append(offer.key)
    reasons: dict[str, dict[str, None]] = {}
    for metric in (metric for task in tasks for metric in task.metrics if metric.why_not):
        reasons.setdefault(metric.why_not, {})[metric.name] = None
    lines = [""] if remarks or reasons else []
    for does, keys in remarks.items():
        lines += _wrapped(f"{GAP}{does}: ", ", ".join(keys), width, rest=GAP * 2)
    for why, names in reasons.items():
        lines += _wrapped(f"{GAP}not judged: ", f"{', '.join(names)} ({why})", width, rest=GAP * 2)
    return lines


def _template(name: str, offers: Sequence[Offer], width: int) -> list[str]:
    stem = "".join(character if character.isalnum() or character in "._-" else "-" for character in name)
    plain = [offer.key for offer in offers if not offer.metric.does]
    keys = plain or [offer.key for offer in offers]
    return [
        f".remyx/templates/{stem}.yaml:",
        "",
        "version: 1",
        f"name: {stem}",
        "runtime: lighteval",
        f"task: {name}",
        "baseline_asset: org/model",
        "model: {backend: accelerate}",
        "metrics: auto" if plain else f"metrics: [{', '.join(keys)}]",
        "",
        *_wrapped("The rules of its policies name ", f"{', '.join(keys)}.", width, rest=""),
    ]


def _filled(word: str, text: str, width: int) -> list[str]:
    return _wrapped(f"{GAP}{word:15}{GAP}", text, width)


def _wrapped(start: str, text: str, width: int, *, rest: str | None = None) -> list[str]:
    following = " " * len(start) if rest is None else rest
    room = max(width, len(start) + 24)
    found = wrap(
        text,
        width=room,
        initial_indent=start,
        subsequent_indent=following,
        break_long_words=False,
        break_on_hyphens=False,
    )
    return [line.rstrip() for line in found] or [start.rstrip()]
