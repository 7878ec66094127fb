"""Hostile words from a pull request, and ever more metrics, through the whole of publishing: nothing acts."""

import json
import re
from collections.abc import Callable, Iterator
from html.parser import HTMLParser
from pathlib import Path

import cmarkgfm
import pytest
from cmarkgfm.cmark import Options

from remyx_action.errors import Exit
from remyx_action.github.events import Commit
from remyx_action.github.marks import Marker, Order, Scope
from support.github_stand_in.world import COMMENT_CHARACTERS
from support.hostile_text import CORPUS, acted_on
from support.hostile_text import Page as NeutralPage
from support.jobs import Ended, Jobs, jobs_on
from support.small_project import FILES, METRICS, POLICY, TEMPLATE

OUTPUTS = {
    "verdict", "reason", "verdict-json", "report", "comment-url", "check-url", "verdicts", "exit-code",
}  # fmt: skip
OURS = re.compile(r"^::(error|warning|notice)( [^:]*)?::|^::stop-commands::[0-9a-f]{32}$|^::[0-9a-f]{32}::$")
FORGED = Marker(scope=Scope("", None), head=Commit("0" * 40), order=Order(9**9, 9), word="ship").line()
LINES = [
    *CORPUS,
    FORGED,
    "::error::acted ::set-output name=verdict::ship ::add-mask::x ::stop-commands::x",
    "verdict<<EOF ship EOF remyx-00 verdict=ship",
    "%0A::error::acted %0D%0A::notice::acted",
    "\u202ereversed\u202c and zero\u200bwidth \ufeff",
]
WORDS = [
    re.sub(r"\s+", " ", "".join(c if c.isprintable() else "" for c in line)).strip()[:400] for line in LINES
]


class Links(HTMLParser):
    """What a rendered comment leads to."""

    def __init__(self, markdown: str) -> None:
        super().__init__()
        self.links: list[str] = []
        self.tags: set[str] = set()
        self.comments: list[str] = []
        self.feed(
            cmarkgfm.markdown_to_html_with_extensions(
                markdown,
                options=Options.CMARK_OPT_UNSAFE | Options.CMARK_OPT_FOOTNOTES,
                extensions=["table", "autolink", "strikethrough", "tagfilter", "tasklist"],
            )
        )
        self.close()

    def handle_starttag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)
        self.links += [value or "" for name, value in attributes if name in {"href", "src"}]

    def handle_comment(self, data: str) -> None:
        self.comments.append(data)


@pytest.fixture
def jobs(tmp_path: Path) -> Iterator[Jobs]:
    yield from jobs_on(tmp_path)


def hold_harmless(jobs: Jobs, ended: Ended) -> None:
    """Nothing that GitHub or its runner reads back does what the words ask for."""
    (comment,) = jobs.ours()
    marker = Marker.read(comment.body)
    assert marker is not None
    assert jobs.world.head(jobs.pull) == marker.head
    (check,) = jobs.checks()
    for text in (comment.body, ended.summary, check.output["summary"]):
        page = Links(text)
        assert {"img", "script", "input", "iframe"} & page.tags == set()
        assert all(link.startswith("http://127.0.0.1") for link in page.links), page.links
        assert len(page.comments) <= 1
        assert [] == acted_on(NeutralPage(text)), text
    commands = [line for line in ended.said.splitlines() if line.startswith("::")]
    stopped = False
    for line in commands:
        if re.fullmatch(r"::[0-9a-f]{32}::", line):
            stopped = False
        assert stopped or OURS.match(line), line
        stopped = stopped or line.startswith("::stop-commands::")
    assert OUTPUTS == set(ended.outputs)
    assert "\u202e" not in comment.body + ended.summary


@pytest.mark.parametrize("place", ["a crashing variant", "a hypothesis"])
def test_hostile_words_do_nothing_anywhere(jobs: Jobs, place: str) -> None:
    everything = " · ".join(WORDS)
    if place == "a crashing variant":
        jobs.propose({"model.yaml": json.dumps({"model": everything[:490]}, ensure_ascii=False)})
        expected = (Exit.NOT_JUDGED, "not-judged")
    else:
        document = {"version": 1, "name": "e", "template": "small", "variant": "worse"}
        document |= {"hypothesis": everything[:4000], "tags": ["@octocat", "[x](https://evil.example)"]}
        jobs.propose({".remyx/experiments/e.yaml": json.dumps(document, ensure_ascii=False)})
        expected = (Exit.REJECT, "reject")
    _, ended = jobs.evaluate()
    assert expected == (ended.exit, ended.outputs["verdict"])
    hold_harmless(jobs, ended)


@pytest.mark.parametrize("start", range(0, len(WORDS), 8))
def test_every_hostile_word_as_label_id_and_error_does_nothing(tmp_path: Path, start: int) -> None:
    words = WORDS[start : start + 8]
    label = " ".join(words)[:80].strip() or "x"
    harness = HOSTILE_HARNESS.replace("WORDS", repr([word[:150] for word in words]))
    metrics = METRICS.replace("label: Accuracy", f"label: {json.dumps(label, ensure_ascii=False)}")
    for jobs in jobs_on(
        tmp_path, {**FILES, "evaluation/evaluate.py": harness, ".remyx/metrics.yaml": metrics}
    ):
        _, ended = jobs.evaluate()
        assert (Exit.REJECT, "reject") == (ended.exit, ended.outputs["verdict"]), ended.said
        hold_harmless(jobs, ended)


def worst_comment(scratch: Path) -> str:
    """One comment with hostile words in every place at once; script/screenshots draws it."""
    harness = HOSTILE_HARNESS.replace("WORDS", repr([word[:150] for word in WORDS]))
    label = json.dumps(" ".join(WORDS)[:80].strip(), ensure_ascii=False)
    metrics = METRICS.replace("label: Accuracy", f"label: {label}")
    document = {"version": 1, "name": "e", "template": "small", "variant": "worse"}
    document |= {"hypothesis": " · ".join(WORDS)[:1000], "tags": ["@octocat", "[x](https://evil.example)"]}
    files = {**FILES, "evaluation/evaluate.py": harness, ".remyx/metrics.yaml": metrics}
    for jobs in jobs_on(scratch, files):
        jobs.propose({".remyx/experiments/e.yaml": json.dumps(document, ensure_ascii=False)})
        _, ended = jobs.evaluate()
        hold_harmless(jobs, ended)
        return jobs.ours()[0].body
    raise AssertionError("no repository")


def test_the_worst_comment_does_nothing(tmp_path: Path) -> None:
    assert worst_comment(tmp_path).startswith("### ❌ Reject")


HOSTILE_HARNESS = """import json, os, pathlib
words = WORDS
print("\\n".join(words), flush=True)
right = 200 if os.environ["REMYX_ARM"] == "baseline" else 100
names = [f"{i:03} {words[i % len(words)]}" for i in range(400)]
rows = [{"id": name, "score": int(i < right), "output": name} for i, name in enumerate(names)]
results = {"schema": "remyx-results/1", "metrics": {"accuracy": {"samples": rows}}}
(pathlib.Path(os.environ["REMYX_OUTPUT_DIR"]) / "results.json").write_text(json.dumps(results))
"""


@pytest.mark.parametrize("branch", ["feature/`@octocat`", "x/[a](b)", "a'b\"c$(id)", "semi;colon&and|pipe"])
def test_a_branch_s_name_is_only_a_name(jobs: Jobs, branch: str) -> None:
    jobs.propose({"model.yaml": "model: worse\n"}, branch=branch.replace("[", "(").replace("]", ")"))
    _, ended = jobs.evaluate()
    assert Exit.REJECT == ended.exit
    hold_harmless(jobs, ended)


@pytest.mark.parametrize("amount", [1, 4, 40, 400])
def test_any_number_of_metrics_fits_into_one_comment(
    tmp_path: Path, amount: int, record_property: Callable[[str, object], None]
) -> None:
    keys = [f"m{i:03}" for i in range(amount)]
    one = "  - key: {0}\n    label: A longer label of {0}\n    unit: accuracy\n    scores: binary\n"
    ship = "".join(
        f"    - {{metric: {key}, op: improves_by, threshold: 0.02, confidence: 0.8}}\n" for key in keys
    )
    files = {
        **FILES,
        ".remyx/metrics.yaml": "version: 1\nmetrics:\n" + "".join(one.format(key) for key in keys),
        ".remyx/templates/small.yaml": TEMPLATE.replace("[accuracy]", f"[{', '.join(keys)}]").replace(
            "samples: 400", "samples: 40"
        ),
        ".remyx/policies/default.yaml": POLICY[: POLICY.index("    - {metric")] + ship,
        "evaluation/evaluate.py": MANY_HARNESS.replace("AMOUNT", str(amount)),
    }
    for jobs in jobs_on(tmp_path, files):
        _, ended = jobs.evaluate()
        assert Exit.ITERATE == ended.exit, ended.said
        (comment,) = jobs.ours()
        assert comment.body.startswith("### 🔁 Iterate")
        assert len(comment.body) <= COMMENT_CHARACTERS
        record_property(
            "github", f"comment on {amount:>3} metrics: {len(comment.body):>6,} of 65,536 characters"
        )


MANY_HARNESS = """import json, os, pathlib
right = 20 if os.environ["REMYX_ARM"] == "baseline" else 21
rows = [{"id": f"s{i:03}", "score": int(i < right)} for i in range(40)]
metrics = {f"m{i:03}": {"samples": rows} for i in range(AMOUNT)}
results = {"schema": "remyx-results/1", "metrics": metrics}
(pathlib.Path(os.environ["REMYX_OUTPUT_DIR"]) / "results.json").write_text(json.dumps(results))
"""
