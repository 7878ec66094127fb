"""The check on the head commit: opened before the run, closed in every case, success or failure only."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Literal

from msgspec import Struct
from msgspec.structs import replace

from remyx_action.errors import Annotation
from remyx_action.project.models.policy import policy_key

from .client import Client, number_in, text_in
from .events import Commit
from .marks import ExternalId, Order
from .trouble import NotPosted, NotRead, Posted, Superseded, Trouble, TroubleKind, not_posted, not_read

if TYPE_CHECKING:
    from github.CheckRun import CheckRun
    from github.Repository import Repository

ANNOTATIONS_A_CALL = 50
LONGEST_CHARACTERS = 65_535
ATTEMPTS = 3


def check_name(policy: str, base_branch: str, folder: str = "") -> str:
    """Return the literal name that branch protection requires; a retargeted pull request gets another."""
    return f"remyx / {folder}{' / ' if folder else ''}{policy} ({base_branch})"


class Named(Struct, frozen=True, kw_only=True):
    """The check of one policy of one folder on one commit."""

    folder: str
    """The project's below the repository's root; "" is the root itself."""
    policy: str
    base_branch: str
    head: Commit
    """The pull request's head, or the merge group's; never the merge commit."""

    @property
    def name(self) -> str:
        return check_name(self.policy, self.base_branch, self.folder)

    @property
    def key(self) -> str:
        return policy_key(self.folder, self.policy)


class Seen(Struct, frozen=True, kw_only=True):
    """One check of a name, as GitHub just answered."""

    id: int
    url: str
    name: str
    status: str
    conclusion: str | None
    external_id: ExternalId | None
    """None: not posted by this program."""
    app: str
    """Slug of the app that posted it."""


class Opened(Struct, frozen=True, kw_only=True):
    id: int
    url: str
    app: str
    """Slug of the app whose token posted it."""


class Conclusion(Struct, frozen=True, kw_only=True):
    """`neutral` and `skipped` satisfy a required check, so there are only these two."""

    word: Literal["success", "failure"]
    title: str
    renderings: Sequence[str]
    """Markdown, longest first; each later one leaves more out and says so."""
    annotations: Sequence[Annotation] = ()


class Checks(Struct, frozen=True, kw_only=True):
    """Every check of one name on one commit."""

    ours: Sequence[Seen] = ()
    others: Sequence[Seen] = ()
    """Of the same name and not ours: a job of that name, another app's, another project's."""

    def open_until(self, order: Order) -> list[int]:
        """Return the ids of ours that this run or an older one left open, oldest first."""
        return sorted(
            each.id
            for each in self.ours
            if each.status != "completed" and each.external_id and each.external_id.order <= order
        )

    def open_on_top(self, order: Order) -> list[int]:
        """Return the one of these that is newest of all of ours, if it is."""
        newest = max((each.id for each in self.ours), default=None)
        return [identity for identity in self.open_until(order) if identity == newest]

    def is_of(self, identity: int, order: Order) -> bool:
        """Return whether one of ours was posted by this very run and attempt."""
        return any(
            each.id == identity and each.external_id and each.external_id.order == order for each in self.ours
        )

    def newer_than(self, order: Order) -> Order | None:
        """Return the newest run that posted the check, or None where none is newer than `order`."""
        newest = max((each.external_id.order for each in self.ours if each.external_id), default=order)
        return newest if newest > order else None


def read_checks(client: Client, named: Named, *, opened_id: int | None = None) -> Checks | NotRead:
    """Return every check of this name on this commit, whoever posted it: one request a page.

    `opened_id`: of a check that an earlier job opened with this token, so its app is the token's.
    """
    try:
        seen = _listed(client, named)
    except Trouble as trouble:
        return not_read("checks of the commit", trouble, "checks: read")
    app = client.app or next((each.app for each in seen if each.id == opened_id), None)
    ours = [
        each
        for each in seen
        if each.external_id is not None and each.external_id.key == named.key and app in {None, each.app}
    ]
    return Checks(ours=ours, others=[each for each in seen if each not in ours])


def open_check(
    client: Client,
    named: Named,
    external_id: ExternalId,
    *,
    details_url: str,
    replaces: Commit | None = None,
) -> Opened | Superseded | NotPosted:
    """Post the check `in_progress`, or take up the newest where an older run left it open: two requests.

    `replaces`: the head before a push. The new head is looked through when its check is closed; here the
    old one's is, and what a run that was ended by force left open there is completed.
    """
    given = {"status": "in_progress", "details_url": details_url, "external_id": str(external_id)}
    if replaces is not None:
        old = read_checks(client, replace(named, head=replaces))
        left = [] if isinstance(old, NotRead) else old.open_until(external_id.order)
        # with this run's id, so that the older run, should it go on, leaves it alone
        _supersede(client, left, by=f"commit {named.head}", external_id=str(external_id))
        return _opened_new(client, named, given)
    seen = read_checks(client, named)
    checks = Checks() if isinstance(seen, NotRead) else seen
    newer = checks.newer_than(external_id.order)
    if newer is not None:
        return Superseded(by=str(newer))
    try:
        for identity in checks.open_on_top(external_id.order):
            try:
                return _opened(_edit(client, identity, given))
            except Trouble as trouble:
                if trouble.kind not in {TroubleKind.GONE, TroubleKind.FORBIDDEN, TroubleKind.NOT_PERMITTED}:
                    raise
    except Trouble as trouble:
        return _not_posted(client, trouble)
    return _opened_new(client, named, given)


def _opened_new(client: Client, named: Named, given: dict[str, Any]) -> Opened | NotPosted:
    try:
        return _opened(_create(client, named, given))
    except Trouble as trouble:
        return _not_posted(client, trouble)


def superseded(by: str) -> Conclusion:
    """Return what closes a check that something newer has taken the place of."""
    return Conclusion(
        word="failure", title="Superseded", renderings=[f"Something newer has this check's place: {by}.\n"]
    )


def close_check(
    client: Client,
    named: Named,
    external_id: ExternalId,
    conclusion: Conclusion,
    *,
    checks: Checks | NotRead,
    opened_id: int | None,
    details_url: str,
) -> Posted | NotPosted:
    """Complete the newest check of ours where it is open or of this very order, else post a completed one.

    `checks` are those just read; where they could not be, `opened_id` is what an earlier job opened.
    One request a check, and one more per further 50 annotations.
    """
    if isinstance(checks, NotRead):
        identities, newest = ([] if opened_id is None else [opened_id]), opened_id
    else:
        identities = checks.open_until(external_id.order)
        newest = max((each.id for each in checks.ours), default=None)
        if newest is not None and checks.is_of(newest, external_id.order) and newest not in identities:
            # the publisher of a fork's run was run again: GitHub adds annotations up, and has these
            identities, conclusion = [*identities, newest], replace(conclusion, annotations=())
    try:
        done, rendering = _conclude(
            client,
            named,
            identities,
            conclusion,
            {"external_id": str(external_id), "details_url": details_url},
            is_on_top=newest in identities,
        )
    except Trouble as trouble:
        return _not_posted(client, trouble)
    for batch in _batches(conclusion.annotations)[1:]:
        try:
            _edit(client, done.id, {"output": _output(conclusion, rendering, batch)})
        except Trouble:
            break  # the conclusion is written; annotations only repeat parts of the report
    return Posted(url=done.url)


def _opened(seen: Seen) -> Opened:
    return Opened(id=seen.id, url=seen.url, app=seen.app)


def _seen(run: CheckRun) -> Seen:
    """Everything at once, inside the request: what cannot be read counts as no answer."""
    return Seen(
        id=number_in(run.id),
        url=text_in(run.html_url),
        name=text_in(run.name),
        status=text_in(run.status),
        conclusion=run.conclusion,
        external_id=ExternalId.read(run.external_id),
        app=run.app.slug if run.app else "",
    )


def _listed(client: Client, named: Named) -> list[Seen]:
    def ask(repository: Repository) -> list[Seen]:
        runs = repository.get_commit(named.head).get_check_runs(check_name=named.name, filter="all")
        return [seen for seen in map(_seen, runs) if seen.name == named.name]

    return client.read(ask)


def _conclude(
    client: Client,
    named: Named,
    identities: Sequence[int],
    conclusion: Conclusion,
    given: dict[str, Any],
    *,
    is_on_top: bool,
) -> tuple[Seen, str]:
    """Return the completed check and the rendering that it took; Trouble where none could be completed."""
    trouble = Trouble(TroubleKind.UNPROCESSABLE, "every rendering is longer than GitHub's 65,535 characters")
    for rendering in conclusion.renderings:
        if len(rendering) > LONGEST_CHARACTERS:
            continue
        output = _output(conclusion, rendering, _batches(conclusion.annotations)[0])
        whole = given | {"status": "completed", "conclusion": conclusion.word, "output": output}
        try:
            return _complete(client, named, identities, whole, is_on_top=is_on_top), rendering
        except Trouble as failure:
            trouble = failure
            if trouble.kind is not TroubleKind.UNPROCESSABLE:
                raise
    raise trouble


def _complete(
    client: Client, named: Named, identities: Sequence[int], given: dict[str, Any], *, is_on_top: bool
) -> Seen:
    """Complete the open check that is on top, or post another; the ones below it are superseded."""
    done = None
    below = list(identities)
    if is_on_top:
        try:
            done = _edit_surely(client, below.pop(), given)
        except Trouble as trouble:
            if trouble.kind is TroubleKind.UNPROCESSABLE:
                raise
    if done is None:
        done = _create(client, named, given)
    _supersede(client, below, by="the check above")
    return done


def _supersede(client: Client, identities: Sequence[int], *, by: str, **given: str) -> None:
    """Complete checks that something newer has taken the place of; what cannot be is the next run's."""
    conclusion = superseded(by)
    output = _output(conclusion, conclusion.renderings[0], ())
    whole = {**given, "status": "completed", "conclusion": conclusion.word, "output": output}
    for identity in identities:
        try:
            _edit(client, identity, whole)
        except Trouble:
            return


def _create(client: Client, named: Named, given: dict[str, Any]) -> Seen:
    """Create once; after an answer without a result, look for what it may have left."""
    for attempt in range(ATTEMPTS):
        try:
            return client.write(
                lambda repository: _seen(
                    repository.create_check_run(name=named.name, head_sha=named.head, **given)
                )
            )
        except Trouble as trouble:
            if trouble.kind is not TroubleKind.UNREACHABLE:
                raise
            client.pause()
            left = [
                each
                for each in _listed(client, named)
                if str(each.external_id) == given["external_id"] and each.status == given["status"]
            ]
            if left:
                return min(left, key=lambda each: each.id)
            if attempt == ATTEMPTS - 1:
                raise
    raise AssertionError("unreachable: the last attempt returns or raises")


def _edit_surely(client: Client, identity: int, given: dict[str, Any]) -> Seen:
    """Edit, and after an answer without a result read the check back: annotations add up when sent twice."""
    for attempt in range(ATTEMPTS):
        try:
            return _edit(client, identity, given)
        except Trouble as trouble:
            if trouble.kind is not TroubleKind.UNREACHABLE:
                raise
            client.pause()
            seen = client.read(lambda repository: _seen(repository.get_check_run(identity)))
            if seen.status == "completed" and seen.conclusion == given["conclusion"]:
                return seen
            if attempt == ATTEMPTS - 1:
                raise
    raise AssertionError("unreachable: the last attempt returns or raises")


def _edit(client: Client, identity: int, given: dict[str, Any]) -> Seen:
    def edit(repository: Repository) -> Seen:
        run = repository.get_check_run(identity)
        run.edit(**given)
        return _seen(run)

    return client.write(edit)


def _batches(annotations: Sequence[Annotation]) -> list[Sequence[Annotation]]:
    starts = range(0, max(1, len(annotations)), ANNOTATIONS_A_CALL)
    return [annotations[start : start + ANNOTATIONS_A_CALL] for start in starts]


def _output(conclusion: Conclusion, rendering: str, annotations: Sequence[Annotation]) -> dict[str, Any]:
    shown = [
        {
            "path": each.path,
            "start_line": each.line,
            "end_line": each.line,
            "annotation_level": each.level,
            "title": _shortened(each.title, 255),
            "message": _shortened(each.message, 4096),
        }
        for each in annotations
    ]
    return {"title": conclusion.title, "summary": rendering} | ({"annotations": shown} if shown else {})


def _shortened(text: str, most: int) -> str:
    """An annotation only points at what the report says in full."""
    return text if len(text) <= most else f"{text[: most - 1]}…"


def _not_posted(client: Client, trouble: Trouble) -> NotPosted:
    return not_posted("check", trouble, "checks: write", from_fork=client.from_fork)
