"""Isolation levels: how far what is judged could have reached the numbers that it is judged by."""

from __future__ import annotations

from collections.abc import Sequence

from msgspec import Struct

from remyx_action.project.models import Template


class Isolation(Struct, frozen=True, kw_only=True):
    level: int
    note: str
    """What the level means here, and what would raise it."""


HANDED_IN = Isolation(
    level=0,
    note="results that were handed in: who made them, and how, is not known here; "
    "level 1 needs a run of the harness here",
)
_SHARED = Isolation(
    level=1,
    note="the harness ran as the same user as everything else here and could read all of it; "
    "level 2 needs code under test in a container of its own (predict in the template)",
)
_ONE_CONTAINER = Isolation(
    level=1,
    note="the harness ran in a container, and whatever it judges in the same one, together with the labels; "
    "level 2 needs code under test in a container of its own (predict in the template)",
)
_OF_ITS_OWN = Isolation(
    level=2,
    note="the code under test ran in a container of its own: "
    "inputs in, predictions out, no network, no labels",
)
_UNPINNED = Isolation(
    level=1,
    note="lighteval ran a model whose files can change under its name; "
    "level 2 needs its name at a commit, org/model@COMMIT",
)
_PINNED = Isolation(
    level=2,
    note="lighteval ran a model at one commit, and no code that came with it: none of it is the change's",
)
_SERVED = Isolation(
    level=1, note="a server answered under the model's name; what is behind it is not known here"
)


def enforced(isolation: Isolation, out_of_reach: Sequence[str]) -> Isolation:
    """Return level 3 where numbers that were made apart (level 2) are judged out of reach, too.

    `out_of_reach`: what keeps the verdict out of a pull request's reach; empty: nothing is known to.
    """
    if isolation.level == 2 and out_of_reach:
        return Isolation(level=3, note=f"{isolation.note}; {out_of_reach[0]}")
    return isolation


def isolation_of(template: Template, *, pinned: bool, contained: bool, does: str = "") -> Isolation:
    """Of arms that this program runs, by the base branch's files.

    `pinned`: whether the variant is a hub's model at one commit; `contained`: whether the harness runs in a
    container; `does`: what scoring does besides comparing answers, as in "runs programs".
    """
    predict, model = template.predict, template.model
    if model is not None:
        if model.backend == "openai":
            return _SERVED
        if does:
            note = f"scoring {does}, where the right answers are; level 2 needs metrics that only compare"
            return Isolation(level=1, note=note)
        return _PINNED if pinned else _UNPINNED
    if predict is not None and predict.container.network == "none":
        return _OF_ITS_OWN
    return _ONE_CONTAINER if contained else _SHARED
