"""Values of files that no engine is known to write → a map that their shape suggests.

What is found is a proposal to a person: names that usually mean an id, a question or a score decide.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from decimal import Decimal
from typing import Any

from remyx_action.project.files.json_text import NumberText
from remyx_action.project.files.pointer import PLACEHOLDER, pointer_to
from remyx_action.project.models.results_map import ResultsMap

from .arm_files import MOST_NAMED, shown
from .loose_json import Odd
from .rows import objects_of_columns

IDS = (
    *(
        "datasource_item_id",
        "id",
        "sample_id",
        "doc_id",
        "qid",
        "question_id",
        "query_id",
        "example_id",
        "item_id",
        "case_id",
    ),
    *("test_id", "task_id", "instance_id", "problem_id", "nodeid", "uid", "uuid"),
    *("idx", "index", "name"),
)
"""Keys that usually identify a sample, likeliest first."""
INPUTS = (
    "input",
    "inputs",
    "question",
    "prompt",
    "query",
    "user_input",
    "vars",
    "problem",
    "instruction",
    "text",
)
"""Keys that usually hold what was asked, likeliest first."""
SCORES = ("score", "correct", "value", "accuracy")
"""Keys that usually hold its score, likeliest first."""
METRIC_NAMES = ("metric", "metric_name", "measure", "evaluator", "scorer", "score_name", "name", "key")
"""Keys that usually name what an element of a list of scores measures, or a row of a table in long form."""
REPEATS = ("repeat", "epoch", "turn", "trial", "attempt", "run", "seed", "sample", "sample_idx", "iteration")
"""Keys that usually tell repetitions of one sample apart."""
GROUPS = ("metrics", "scores", "results", "summary", "aggregate", "aggregates", "overall", "eval", "test")
"""Keys that usually hold the numbers of a whole arm."""
MEANS, ERRORS = ("score", "value", "mean", "accuracy"), ("stderr", "standard_error", "std_err", "se")
STEPS = ("step", "epoch", "global_step", "iteration")
"""Keys of a row of a training log."""
COUNTS = ("n", "count", "total", "samples", "num_samples", "n_samples", "num_examples", "queries")
"""Names of a number that counts samples."""
NO_METRICS = frozenset(
    {
        *COUNTS,
        *STEPS,
        "_step",
        "_runtime",
        "_timestamp",
        "seed",
        "version",
        "timestamp",
        "index",
        "id",
        "date",
        "start_time",
        "end_time",
    }
)
"""Names of numbers that measure nothing."""
_NO_METRIC = re.compile(
    r"|unnamed: \d+|(.*_)?(ids?|idx|index|seed|turn|rank|t?stamp|timestamp|created(_at)?|version)"
)
_ID = re.compile(
    r"(q|qid|id|idx|uid|row|doc|item|case|test|task|query|question|sample|example|prompt|problem|instance)?"
    r"[-_ #/:.]?[0-9]+|.*\?"
)
"""A key that identifies a sample, as in {"q1": 0.5, "q2": 1}; also a whole question."""
WORDS = (("true", "false"), ("yes", "no"), ("correct", "incorrect"), ("pass", "fail"), ("passed", "failed"))
"""A score of 1 and one of 0, in words."""
_UUID = re.compile(r"[0-9a-f]{8}-([0-9a-f]{4}-){3}[0-9a-f]{12}")
_SAYS_SCORE = re.compile(
    r"correct|right|pass|success|match|hit|scor|result|grade|solved|verdict|outcome|status|ok$"
)
NOT_FINITE = ("NaN", "Infinity", "-Infinity")
DEEPEST, MOST_GROUPED = 3, 12


def by_shape(file: str, document: Any, rows: Sequence[Any]) -> tuple[ResultsMap, list[str]]:
    """A map of samples where there are rows that are distinct, else of an arm's numbers; its names."""
    by_metric = _rows_by_metric(file, document)
    if by_metric is not None:
        return by_metric
    places = [(None, rows)] if rows else list(_lists(document, ""))
    for pointer, found in sorted(places, key=lambda place: -len(place[1])):
        map_, names = _of_rows(file, pointer, found)
        if names:
            return map_, names
    return _of_numbers(file, document)


def _of_rows(file: str, pointer: str | None, rows: Sequence[Any]) -> tuple[ResultsMap, list[str]]:
    """A map of rows with an id, with a question, or of a log's last row."""
    given: dict[str, Any] = {"file": file, **({} if pointer is None else {"rows": pointer})}
    id_, input_ = _key_of(IDS, rows), _key_of(INPUTS, rows)
    if id_ is not None and _is_of_the_run(rows, id_, input_):
        id_ = input_
    if id_ is not None:
        given["id"] = pointer_to("", id_)
    elif input_ is not None:
        given |= {"id": "row", "input": pointer_to("", input_)}
    elif len(rows) == 1 or _key_of(STEPS, rows) is not None:
        given |= {"take": "last"} if len(rows) > 1 else {}
        return ResultsMap(**given, value=f"/{PLACEHOLDER}"), _numbers_in(rows)
    else:
        return ResultsMap(**given), []
    repeat = _repeat_of(rows, id_)
    given |= {"repeat": pointer_to("", repeat)} if repeat else {}
    scores, names = _in_lists(rows) or _in_long_form(rows) or _scores_of(rows, {id_, input_, repeat})
    return ResultsMap(**given, **scores), names


def _is_of_the_run(rows: Sequence[Any], id_: str, input_: str | None) -> bool:
    """Whether ids are drawn anew by each run, and questions identify the samples instead."""
    return (
        input_ is not None
        and all(_UUID.fullmatch(str(row[id_]).casefold()) for row in rows)
        and len({row[input_] for row in rows}) == len(rows)
    )


def _repeat_of(rows: Sequence[Any], id_: str | None) -> str | None:
    """The key that tells rows of one id apart."""
    if id_ is None or len({row.get(id_) for row in rows}) == len(rows):
        return None
    found = _key_of(REPEATS, rows)
    pairs = {(row.get(id_), row.get(found)) for row in rows} if found else ()
    return found if len(pairs) == len(rows) else None


def _in_lists(rows: Sequence[Any]) -> tuple[dict[str, Any], list[str]] | None:
    """Where the scores are, and their names, where each row has a list of named scores, the same in each."""
    for key in dict.fromkeys(key for row in rows for key in row):
        lists = [objects_in(row.get(key)) for row in rows if type(row.get(key)) is list]
        found = _in_long_form([one for list_ in lists for one in list_], pointer_to("", key))
        if found is not None and all(len(one) in (0, len(found[1])) for one in lists):
            return {"spread": pointer_to("", key), **found[0]}, found[1]
    return None


def _in_long_form(rows: Sequence[Any], below: str = "") -> tuple[dict[str, Any], list[str]] | None:
    """The same where each row has the name of a metric and one score."""
    name, score = _key_of(METRIC_NAMES if below else METRIC_NAMES[:-2], rows), _key_of(SCORES, rows)
    score = score or next((key for key in SCORES if any(key in row for row in rows)), None)
    if name is None or score is None or not _are_scores(score, [row.get(score) for row in rows]):
        return None
    names = dict.fromkeys(row[name] for row in rows if type(row[name]) is str)
    if not 0 < len(names) <= MOST_GROUPED:
        return None
    where = {f"{below}{pointer_to('', name)}": PLACEHOLDER}
    return _graded(f"{below}{pointer_to('', score)}", [row.get(score) for row in rows], where=where), list(
        names
    )


def _graded(score: str, values: Iterable[Any], **given: Any) -> dict[str, Any]:
    grades = grades_of(values)
    return {**given, "score": score, **({"grades": grades} if grades else {})}


def _key_of(names: Iterable[str], rows: Sequence[Any]) -> str | None:
    """The first of the names that every row has something at, which is no object."""
    by_name = {str(key).casefold(): key for key in (rows[0] if rows else ())}
    there = (by_name[name] for name in names if name in by_name)
    return next((key for key in there if all(_identifies(row.get(key)) for row in rows)), None)


def _identifies(value: Any) -> bool:
    return value not in (None, "") and type(value) not in (dict, list)


def _scores_of(rows: Sequence[Any], used: Iterable[str | None]) -> tuple[dict[str, Any], list[str]]:
    """Where the rows' scores are, at their top or one or two steps down, and the scores' names."""
    names = [name for name in _scored(rows) if name not in used and _may_be_metric(name)]
    if names:
        return _graded(f"/{PLACEHOLDER}", [row.get(name) for row in rows for name in names]), names
    for key in dict.fromkeys(key for row in rows for key in row):
        inner, below = objects_in([row.get(key) for row in rows]), f"{pointer_to('', key)}/{PLACEHOLDER}"
        if key not in used and _scored(inner):
            names = _scored(inner)
            return _graded(below, [row.get(name) for row in inner for name in names]), names
        deeper = [one for row in inner for _, one in _members(row)]
        score = next((name for name in SCORES if name in _scored(deeper)), None)
        if key not in used and score is not None:
            names = list(dict.fromkeys(name for row in inner for name, one in _members(row) if score in one))
            return _graded(f"{below}/{score}", [row.get(score) for row in deeper]), names
    return {"score": f"/{PLACEHOLDER}"}, []


def _scored(rows: Iterable[Mapping[str, Any]]) -> list[str]:
    """Names whose values are numbers, true or false, or words for them."""
    every = list(rows)
    names = dict.fromkeys(name for row in every for name in row)
    return [name for name in names if _are_scores(name, [row.get(name) for row in every])]


def _are_scores(name: str, values: Sequence[Any]) -> bool:
    given = [value for value in values if value not in (None, "")]
    words = [value for value in given if not _is_number(value)]
    if not given or not all(type(value) in (bool, str) for value in words):
        return False
    is_named = all(type(word) is bool for word in words) or _SAYS_SCORE.search(name.casefold())
    return not words or bool(is_named and len(grades_of(words)) >= len({_folded(word) for word in words}))


def grades_of(values: Iterable[Any]) -> dict[str, Decimal]:
    """What words among some values count: both of each pair, spelled as the values are."""
    grades: dict[str, Decimal] = {}
    for value in values:
        pair = next((pair for pair in WORDS if _folded(value) in pair), None)
        if pair is not None:
            word = str(value) if type(value) is str and pair != WORDS[0] else _folded(value)
            spelled = str.upper if word.isupper() else str.title if word.istitle() else str.lower
            grades |= {spelled(pair[0]): Decimal(1), spelled(pair[1]): Decimal(0)}
    return grades


def _is_number(value: Any) -> bool:
    """Whether a value is a number, or stands where one should: of NaN the reader says that it is none."""
    return type(value) is NumberText or (type(value) is Odd and value.text in NOT_FINITE)


def _folded(value: Any) -> str:
    return str(value).casefold() if type(value) in (bool, str) else ""


def _numbers_in(objects: Iterable[Mapping[str, Any]]) -> list[str]:
    """Names of numbers that may be metrics."""
    names = dict.fromkeys(name for one in objects for name, value in one.items() if _is_number(value))
    return [name for name in names if _may_be_metric(name)]


def _may_be_metric(name: str) -> bool:
    return name.casefold() not in NO_METRICS and not _NO_METRIC.fullmatch(name.casefold())


def objects_in(found: Any) -> list[Any]:
    """Return the objects in a list or below the keys of an object; none in anything else."""
    values = list(found.values()) if type(found) is dict else found if type(found) is list else []
    return [value for value in values if type(value) is dict]


def _lists(value: Any, pointer: str) -> Iterator[tuple[str, list[Any]]]:
    """Each list of objects, or table that is written by columns, with its pointer."""
    if type(value) is list:
        yield pointer, objects_in(value)
    elif type(value) is dict and pointer.count("/") < DEEPEST:
        yield pointer, objects_of_columns(value) or []
        lists_of_ids = all(type(one) is list for one in value.values()) and _are_alike(value)
        for key, inner in () if lists_of_ids else value.items():
            yield from _lists(inner, pointer_to(pointer, key))


def _rows_by_metric(file: str, document: Any) -> tuple[ResultsMap, list[str]] | None:
    """A map of rows below each metric's own name, such as `/benchmarks/{metric}/per_item`."""
    groups = [("", document), *((pointer_to("", key), group) for key, group in _members(document))]
    for pointer, group in groups:
        of_metrics = [one for _, one in _members(group)]
        if type(group) is not dict or len(of_metrics) < max(len(group), 1 if pointer else 2):
            continue
        below = f"{pointer}/{PLACEHOLDER}"
        if all(map(_scores_of_ids, of_metrics)):
            return _by_id(below, of_metrics, file=file), list(group)
        for inner in of_metrics[0]:
            lists = [objects_in(one.get(inner)) for one in of_metrics]
            id_ = next((name for name in IDS if all(rows and name in rows[0] for rows in lists)), None)
            scores = [name for name in _scored(rows[0] for rows in lists if rows) if name != id_]
            if id_ is not None and scores:
                score = next((name for name in SCORES if name in scores), scores[0])
                rows = below + pointer_to("", inner)
                map_ = ResultsMap(file=file, rows=rows, id=pointer_to("", id_), score=pointer_to("", score))
                return map_, list(group)
    return None


def _members(value: Any) -> list[tuple[str, Any]]:
    """The objects of an object, by their keys."""
    found = value.items() if type(value) is dict else ()
    return [(key, inner) for key, inner in found if type(inner) is dict]


def _by_id(rows: str, objects: Iterable[Mapping[str, Any]], **given: Any) -> ResultsMap:
    """A map of objects that hold a score for each id."""
    return ResultsMap(**given, rows=rows, **_graded("", [score for one in objects for score in one.values()]))


def _scores_of_ids(value: Any) -> bool:
    """Whether an object holds a score for each id: `{"q1": 0.5, "q2": null}`."""
    return type(value) is dict and are_ids(value) and _are_scores(SCORES[0], list(value.values()))


def are_ids(names: Collection[str]) -> bool:
    """Whether keys identify samples: they are numbered, or questions, or many that are alike."""
    is_each_known = all(map(_ID.fullmatch, map(str.casefold, names)))
    return (len(names) > 1 and is_each_known) or (len(names) > MOST_GROUPED and _are_alike(names))


def _are_alike(names: Collection[str]) -> bool:
    """Whether several keys are the same but for their digits."""
    return len(names) > 1 and len({re.sub("[0-9a-f-]*[0-9][0-9a-f-]*", "#", name) for name in names}) == 1


def _of_numbers(file: str, document: Any) -> tuple[ResultsMap, list[str]]:
    """A map of samples by id, else of an arm's numbers: of a group that is named so, of objects, or any."""
    places = list(_places(document, ""))
    by_id = [one for one in places if one[1][0].rows is not None and one[1][1]]
    named = [one for one in places if one[0].rpartition("/")[2].casefold() in GROUPS and one[1][1]]
    shallow = sorted((one for one in places if one[1][1]), key=lambda one: one[0].count("/"))
    _, (map_, names) = next(iter([*by_id, *named, *shallow]), ("", (ResultsMap(value=f"/{PLACEHOLDER}"), [])))
    return map_.model_copy(update={"file": file}), names


def _places(value: Any, pointer: str) -> Iterator[tuple[str, tuple[ResultsMap, list[str]]]]:
    """Each object of a document with the map and the names of its numbers."""
    if type(value) is not dict or pointer.count("/") > DEEPEST:
        return
    yield pointer, _of_members(value, pointer)
    yield pointer, _of_group(value, pointer)
    for key, inner in value.items():
        yield from _places(inner, pointer_to(pointer, key))


def _of_group(value: Mapping[str, Any], pointer: str) -> tuple[ResultsMap, list[str]]:
    if _scores_of_ids(value):
        return _by_id(pointer, [value]), [SCORES[0]]
    found = _count_in(value)
    counts: dict[str, Any] = {"n": f"{pointer}{found}"} if found else {}
    return ResultsMap(value=f"{pointer}/{PLACEHOLDER}", **counts), _numbers_in([value])


def _of_members(value: Mapping[str, Any], pointer: str) -> tuple[ResultsMap, list[str]]:
    """The same of an object of objects, each with the number of one metric; or whose members are samples."""
    members = {key: inner for key, inner in value.items() if type(inner) is dict}
    inner = list(members.values())
    if len(members) + list(value.values()).count(None) == len(value) and are_ids(value):
        scores, names = _scores_of(inner, ())
        return ResultsMap(rows=pointer, **scores), names
    mean, error = _common(MEANS, inner), _common(ERRORS, inner)
    if mean is None or len(members) < 2 - (error is not None):
        return ResultsMap(value="/"), []
    if len(members) > MOST_GROUPED or any(type(one) is str for row in inner for one in row.values()):
        scores, names = _scores_of(inner, ())
        return ResultsMap(rows=pointer, **scores), names if len(members) == len(value) else []
    place = f"{pointer}/{PLACEHOLDER}"
    given = {"stderr": error, "n": _common(COUNTS, inner)}
    numbers: dict[str, Any] = {name: f"{place}/{key}" for name, key in given.items() if key is not None}
    return ResultsMap(value=f"{place}/{mean}", **numbers), list(members)


def _common(names: Iterable[str], objects: Sequence[Mapping[str, Any]]) -> str | None:
    """The first of the names at which every object has a number."""
    have = (name for name in names if all(_is_number(one.get(name)) for one in objects))
    return next(have, None) if objects else None


def _count_in(value: Mapping[str, Any]) -> str | None:
    """The pointer of a number of samples in an object, or None."""
    found = (name for name in COUNTS if re.fullmatch("[1-9][0-9]*", str(value.get(name))))
    return next((pointer_to("", name) for name in found), None)


def described(document: Any, rows: Sequence[Any]) -> str:
    """What a file without scores holds: `it holds id: "q1", correct: "maybe"`."""
    lists = [rows] if rows else [found for _, found in _lists(document, "") if found]
    first = max(lists, key=len)[0] if lists else document
    if not isinstance(first, dict) or not first:
        return "it holds no rows or values with names"
    found = [f"{name}: {_example(value)}" for name, value in list(first.items())[:MOST_NAMED]]
    more = f" and {len(first) - MOST_NAMED:,} more" if len(first) > MOST_NAMED else ""
    return f"{'its first row' if lists else 'it'} holds {', '.join(found)}{more}"


def _example(value: Any) -> str:
    if isinstance(value, dict | list):
        return "{…}" if isinstance(value, dict) else "[…]"
    return str(value) if type(value) is NumberText else shown(value, most=30)
