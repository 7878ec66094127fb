"""Which documents are asked, under which names: ids that no other document has, hashes of what is asked."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from hashlib import sha256
from typing import Any

ID_DIGITS = 8
INPUT_DIGITS = 32


@dataclass(frozen=True, kw_only=True)
class Document:
    """One question of one task."""

    id: str
    """Differs from that of all others, also where a task reads several splits that count from 0 again."""
    input: str
    """Digest of everything that is asked, but a model's own chat template."""
    task: str


def identify(task: str, docs: Sequence[Any], *, in_group: bool) -> list[Document]:
    """A document for each of lighteval's, in their order, the same in each run and each shard."""
    seen: dict[str, int] = {}
    found = []
    for doc in docs:
        query = sha256(str(doc.query).encode("utf-8", "surrogatepass")).hexdigest()[:ID_DIGITS]
        id_ = f"{task}/{doc.id}-{query}" if in_group else f"{doc.id}-{query}"
        seen[id_] = seen.get(id_, 0) + 1
        if seen[id_] > 1:  # the same question twice, under the same number of two splits
            id_ = f"{id_}-{seen[id_]}"
        found.append(Document(id=id_, input=digest_of(doc), task=task))
    return found


def digest_of(doc: Any) -> str:
    """Digest of a lighteval document's question, its examples and its choices."""
    asked = [
        doc.instruction,
        [[one.query, one.get_golds()] for one in doc.fewshot_samples],
        doc.query,
        doc.choices,
        doc.unconditioned_query,
    ]
    return _digest(asked)[:INPUT_DIGITS]


def digest_of_all(documents: Iterable[tuple[Document, Any]]) -> str:
    """Digest of all questions and right answers: two arms with different ones are not comparable."""
    return "sha256:" + _digest([[document.id, document.input, doc.gold_index] for document, doc in documents])


def _digest(value: Any) -> str:
    text = json.dumps(value, ensure_ascii=True, separators=(",", ":"), default=str)
    return sha256(text.encode()).hexdigest()


def of_shard(position: int, *, shard: int, shards: int) -> bool:
    """Whether the document at a position of its task belongs to a shard."""
    return position % shards == shard
