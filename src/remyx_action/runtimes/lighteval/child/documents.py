"""Which documents are asked, under which names: ids that no other document has, hashes of what is asked."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from hashlib import sha256
from operator import itemgetter
from typing import Any

from .specification import RefusedError

ID_DIGITS = 8
INPUT_DIGITS = 32
_ADDRESS = re.compile(r"\b0x[0-9a-f]+")


@dataclass(frozen=True, kw_only=True)
class TaskDocument:
    """One question of one task."""

    id: str
    """Differs from that of all others, also where a task reads several splits that count from 0 again."""
    input: str
    """Digest of everything that is asked, but a model's own chat template."""
    answer: str
    """Digest of the right answers, wherever a metric finds them."""
    task: str


def identify(task: str, docs: Sequence[Any], *, in_group: bool) -> list[TaskDocument]:
    """A document for each of lighteval's, in their order, the same in each run and each shard."""
    seen: dict[str, int] = {}
    found = []
    for doc in docs:
        query = sha256(str(doc.query).encode("utf-8", "surrogatepass")).hexdigest()[:ID_DIGITS]
        id_ = f"{task}/{doc.id}-{query}" if in_group else f"{doc.id}-{query}"
        seen[id_] = seen.get(id_, 0) + 1
        if seen[id_] > 1:  # the same question twice, under the same number of two splits
            id_ = f"{id_}-{seen[id_]}"
        # before anything runs: metrics write into `specific`
        answer = _digest([doc.gold_index, doc.specific])[:INPUT_DIGITS]
        found.append(TaskDocument(id=id_, input=digest_of(doc), answer=answer, task=task))
    return found


def check_text_alone(task: str, docs: Sequence[Any]) -> None:
    """Raises RefusedError where a question comes with an image, which no model here would be shown."""
    if any(one.images for doc in docs for one in (doc, *doc.fewshot_samples)):
        raise RefusedError(f"the task {task} asks about images, and models are shown text alone")


def digest_of(doc: Any) -> str:
    """Digest of a lighteval document's question, its examples, its choices and its images."""
    asked = [
        doc.instruction,
        [[one.query, one.get_golds()] for one in doc.fewshot_samples],
        doc.query,
        doc.choices,
        doc.unconditioned_query,
        *(doc.images or ()),
    ]
    return _digest(asked)[:INPUT_DIGITS]


def digest_of_all(documents: Iterable[TaskDocument]) -> str:
    """Digest of all questions and right answers: two arms with different ones are not comparable."""
    return "sha256:" + _digest([[document.id, document.input, document.answer] for document in documents])


def _digest(value: Any) -> str:
    text = json.dumps(_plain(value), ensure_ascii=True, separators=(",", ":"))
    return sha256(text.encode()).hexdigest()


def _plain(value: Any) -> Any:
    """The same in each process: neither the order of sets nor a memory address remains."""
    if value is None or isinstance(value, bool | int | float | str):
        return value
    if isinstance(value, Mapping):
        return sorted(([_digest(key), _digest(held)] for key, held in value.items()), key=itemgetter(0))
    if isinstance(value, set | frozenset):
        return sorted(_digest(one) for one in value)
    if isinstance(value, list | tuple):
        return [_plain(one) for one in value]
    if isinstance(value, bytes):
        return sha256(value).hexdigest()
    if hasattr(value, "tobytes"):  # an image, an array: what they print leaves most of it out
        form = [str(getattr(value, name, "")) for name in ("mode", "size", "dtype", "shape")]
        return [*form, _plain(value.tobytes())]
    return _ADDRESS.sub("", str(value))


def of_shard(position: int, *, shard: int, shards: int) -> bool:
    """Whether the document at a position of its task belongs to a shard."""
    return position % shards == shard
