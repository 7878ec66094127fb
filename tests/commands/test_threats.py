"""The threat model, mounted: real pull requests that try to improve their own verdict, and do not."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest

from remyx_action.errors import Exit
from support.jobs import TOKEN, Ended, Jobs, jobs_on
from support.pages import ROOT, table
from support.small_project import FILES, HARNESS, METRICS, POLICY, TEMPLATE, model

LOOSE = POLICY.replace("threshold: 0.02, confidence: 0.80", "threshold: 0.001, confidence: 0.51").split(
    "reject:"
)[0]
ALWAYS_RIGHT = HARNESS.replace('"worse": 100', '"worse": 400')
HIJACK = """import atexit, json, os, pathlib
def rewrite():
    folder = os.environ.get("REMYX_OUTPUT_DIR", "")
    if os.environ.get("REMYX_ARM") == "variant" and folder:
        rows = [{"id": f"s{i:03}", "score": 1} for i in range(400)]
        results = {"schema": "remyx-results/1", "metrics": {"accuracy": {"samples": rows}}}
        (pathlib.Path(folder) / "results.json").write_text(json.dumps(results))
atexit.register(rewrite)
"""
"""Where Python loads it by itself, it claims that everything is right."""

REGULAR, LINK, SUBMODULE = "100644", "120000", "160000"
REJECTED = (Exit.REJECT, "reject")
WRONG = (Exit.FILES_WRONG, "files-wrong")

Planted = tuple[str, str, str]
"""Mode, path, and text: of a file, of a link's target, or the commit of a submodule."""


def files(texts: Mapping[str, str]) -> list[Planted]:
    return [(REGULAR, path, text) for path, text in texts.items()]


AT_HEAD: dict[str, tuple[list[Planted], tuple[Exit, str]]] = {
    "policy": (files({".remyx/policies/default.yaml": LOOSE}), REJECTED),
    "metric baseline": (files({".remyx/metrics.yaml": METRICS.replace("0.5", "0.01")}), REJECTED),
    "metric direction": (
        files({".remyx/metrics.yaml": METRICS.replace("scores:", "direction: lower\n    scores:")}),
        REJECTED,
    ),
    "metric range": (
        files({".remyx/metrics.yaml": METRICS.replace("scores: binary", "range: [0, 2]")}),
        REJECTED,
    ),
    "template": (files({".remyx/templates/small.yaml": TEMPLATE.replace("half", "slightly")}), REJECTED),
    "recorded baseline": (
        files({".remyx/templates/small.yaml": f"{TEMPLATE}baseline: recorded\n"})
        + files({".remyx/baselines/small.json": '{"metrics": {"accuracy": {"value": 0.01, "n": 400}}}'}),
        REJECTED,
    ),
    "harness": (files({"evaluation/evaluate.py": ALWAYS_RIGHT}), REJECTED),
    "module beside the harness": (files({"evaluation/json.py": HIJACK, "json.py": HIJACK}), REJECTED),
    "Dockerfile": (files({"evaluation/Dockerfile": "FROM scratch\n"}), REJECTED),
    "shadowing CODEOWNERS": (files({".github/CODEOWNERS": "* @attacker\n"}), REJECTED),
    "unowning line": (files({"CODEOWNERS": "* @team\n/.remyx/policies/\n"}), REJECTED),
    "conftest.py": (files({"conftest.py": HIJACK, "pytest.ini": "[pytest]\n"}), REJECTED),
    "sitecustomize.py": (
        files(dict.fromkeys(("sitecustomize.py", "usercustomize.py", "src/sitecustomize.py"), HIJACK))
        + files({"a.pth": "import sitecustomize\n"}),
        REJECTED,
    ),
    "attributes and filters": (
        files({".gitattributes": "* filter=lie text eol=crlf\n", ".lfsconfig": "[lfs]\n\turl = lie\n"}),
        REJECTED,
    ),
    "renamed policy": (
        files({".remyx/policies/other.yaml": LOOSE.replace("name: default", "name: other")}),
        REJECTED,
    ),
    "link": (
        [(LINK, ".remyx/policies/default.yaml", "../../loose.yaml"), *files({"loose.yaml": LOOSE})],
        WRONG,
    ),
    "link to a device": ([(LINK, ".remyx/templates/small.yaml", "/dev/zero")], WRONG),
    "experiment that is a link to a device": ([(LINK, ".remyx/experiments/x.yaml", "/dev/zero")], WRONG),
    "linked folder": ([(LINK, "evaluation/data", "/etc")], REJECTED),
    "submodule": ([(SUBMODULE, "src/library", "1" * 40)], REJECTED),
    "case twin": (files({".remyx/Policies/default.yaml": LOOSE}), WRONG),
    "case twin of a file": (files({".remyx/policies/Default.yaml": LOOSE}), WRONG),
    "look-alike name": (files({".remyx/policies/d\u0435fault.yaml": LOOSE}), WRONG),
    "alias bomb": (files({".remyx/metrics.yaml": "a: &a [x]\nb: &b [*a, *a]\nc: [*b, *b]\n"}), WRONG),
    "deep nesting": (files({".remyx/metrics.yaml": "[" * 100_000}), WRONG),
    "tag": (files({".remyx/metrics.yaml": "!!python/object/apply:os.system ['true']\n"}), WRONG),
    "64 MiB": (files({".remyx/metrics.yaml": "#" * (64 << 20)}), WRONG),
}
"""What a pull request brings beside a worse model, and how it has to end: never better than a reject."""


LISTED = {"shadowing CODEOWNERS", "unowning line", "attributes and filters"}
"""What has no effect on this verdict, but may have one on a later one."""


@pytest.fixture
def jobs(tmp_path: Path) -> Iterator[Jobs]:
    yield from jobs_on(tmp_path)


def attack(jobs: Jobs, planted: list[Planted]) -> Ended:
    """A pull request that proposes the worse model and brings these files, through the real program."""
    history = jobs.world.history
    history.write("attack", {"model.yaml": model("worse")}, onto="main")
    index = jobs.scratch.parent / "index-of-the-attack"
    history.git("read-tree", "attack", index=index)
    for mode, path, text in planted:
        found = text if mode == SUBMODULE else history.git("hash-object", "-w", "--stdin", text=text)
        history.git("update-index", "--add", "--cacheinfo", f"{mode},{found},{path}", index=index)
    tree = history.git("write-tree", index=index)
    commit = history.git("commit-tree", tree, "-p", "main", "-m", "attack")
    history.git("update-ref", "refs/heads/attack", commit)
    jobs.pull = jobs.world.open_pull("attack")
    return jobs.step("run")


@pytest.mark.parametrize("name", AT_HEAD)
def test_what_a_pull_request_brings_does_not_flip_its_verdict(jobs: Jobs, name: str) -> None:
    planted, expected = AT_HEAD[name]
    ended = attack(jobs, planted)
    assert expected == (ended.exit, ended.outputs["verdict"]), ended.said
    assert ["failure"] == jobs.concluded()
    if expected == REJECTED:
        (row,) = ended.report["metrics"]
        assert ("0.5", "0.25") == (str(row["baseline"]), str(row["variant"]))
    if name in LISTED:
        assert {path for _, path, _ in planted} <= set(ended.report["proposal"]["protected"])


def test_a_harness_deleted_at_head_still_measures(jobs: Jobs) -> None:
    jobs.propose({"model.yaml": model("worse"), "evaluation/evaluate.py": None})
    ended = jobs.step("run")
    assert (ended.exit, ended.outputs["verdict"]) == REJECTED


ROWS = ", ".join(f'{{"id": "s{i:03}", "score": 1}}' for i in range(400))
FULL = f'{{"accuracy": {{"samples": [{ROWS}]}}}}'


def results(metrics: str) -> str:
    return f'{{"schema": "remyx-results/1", "metrics": {metrics}}}'


def one_score(literal: str) -> str:
    return results(FULL.replace('"score": 1', f'"score": {literal}', 1))


FROM_THE_HARNESS: dict[str, str] = {
    "metric left out": results("{}"),
    "another metric": results(FULL.replace("accuracy", "f1")),
    "NaN": one_score("NaN"),
    "infinity": one_score("-Infinity"),
    "1e400": one_score("1e400"),
    "string": one_score('"1"'),
    "bool": one_score("true"),
    "out of range": one_score("7"),
    "only the right ones": results(f'{{"accuracy": {{"samples": [{ROWS[: ROWS.index("s100") - 9]}]}}}}'),
    "duplicate key": results(f'{{"accuracy": {{"value": 0.1, "n": 400}}, {FULL[1:]}'),
    "look-alike key": results(FULL.replace("accuracy", "\u0430ccuracy")),
    "value against its samples": results(
        FULL.replace("[{", '[{"id": "x", "score": 0}, {', 1)[:-2] + ', "value": 1}}'
    ),
    "two documents": results(FULL) * 2,
    "not JSON": "ship",
}
"""What the variant's arm leaves as results.json."""


@pytest.mark.parametrize("name", FROM_THE_HARNESS)
def test_numbers_that_are_not_sound_never_ship(tmp_path: Path, name: str) -> None:
    text = json.dumps(FROM_THE_HARNESS[name])
    harness = HARNESS.replace("results = {", f"if asset == 'worse': results_text = {text}\nresults = {{")
    harness = harness.replace(
        "write_text(json.dumps(results))", "write_text(globals().get('results_text', json.dumps(results)))"
    )
    for jobs in jobs_on(tmp_path, {**FILES, "evaluation/evaluate.py": harness}):
        ended = attack(jobs, [])
        assert ended.exit in {Exit.ITERATE, Exit.NOT_JUDGED}, ended.said
        assert ended.outputs["verdict"] in {"iterate", "not-judged"}
        assert ["failure"] == jobs.concluded()


LATE = """
import subprocess
if asset == "worse":
    right = [{**row, "score": 1} for row in rows]
    lie = {"schema": "remyx-results/1", "metrics": {"accuracy": {"samples": right}}}
    late = "import sys, time; time.sleep(0.2); open(sys.argv[1], 'w').write(sys.argv[2])"
    path = os.environ["REMYX_OUTPUT_DIR"] + "/results.json"
    subprocess.Popen([sys.executable, "-c", late, path, json.dumps(lie)], start_new_session=True)
"""


def test_results_are_not_overwritten_after_the_scorer_wrote_them(tmp_path: Path) -> None:
    for jobs in jobs_on(tmp_path, {**FILES, "evaluation/evaluate.py": HARNESS + LATE}):
        ended = attack(jobs, [])
        assert REJECTED == (ended.exit, ended.outputs["verdict"])
        assert "0.25" == str(ended.report["metrics"][0]["variant"])


CURIOUS = """
print("names:", sorted(os.environ))
print("values:", sorted(os.environ.values()))
"""


def test_a_harness_is_given_neither_a_token_nor_the_runner_s_files(tmp_path: Path) -> None:
    for jobs in jobs_on(tmp_path, {**FILES, "evaluation/evaluate.py": HARNESS + CURIOUS}):
        ended = attack(jobs, [])
        log = (ended.out / "arms" / "variant" / "harness.log").read_text()
        assert "REMYX_ASSET" in log
        assert [] == [name for name in ("GITHUB_", "ACTIONS_", "RUNNER_", "INPUT_") if name in log]
        everything = log + ended.said + ended.summary + jobs.ours()[0].body
        assert TOKEN not in everything + (ended.out / "verdict.json").read_text()


def test_every_attempt_is_counted_where_people_look(jobs: Jobs) -> None:
    jobs.attempt = 4
    attack(jobs, [])
    assert "attempt 4" in jobs.ours()[0].body


MODEL = ROOT / "docs" / "threat-model.md"
TEST = re.compile(r"(test_\w+)\.py::(test_\w+)(?:\[([^\]]*)\])?")


def assert_is_a_test(module: str, test: str, case: str) -> None:
    (path,) = (ROOT / "tests").rglob(f"{module}.py")
    source = path.read_text()
    assert f"def {test}(" in source, f"{module}.py::{test}"
    ways = ([case], case.split("-")) if case else ()  # of several parameters pytest makes one name
    held = [all(f'"{part}"' in source for part in parts) for parts in ways]
    assert any(held) or not case, f"{module}.py::{test}[{case}]"


def test_every_row_of_the_threat_model_names_tests_that_exist() -> None:
    rows = table(MODEL, "attack")
    assert len(rows) >= 20
    for attack_named, *_, shown in rows:
        named = TEST.findall(shown)
        assert named, attack_named
        for module, test, case in named:
            assert_is_a_test(module, test, case)


def test_every_way_that_once_worked_is_a_test_with_three_others_of_its_kind() -> None:
    rows = table(MODEL, "way")
    assert len(rows) == 14
    for way, shown, others in rows:
        one, siblings = TEST.findall(shown), set(TEST.findall(others))
        assert (1, True) == (len(one), len(siblings - set(one)) >= 3), way
        for module, test, case in [*one, *siblings]:
            assert_is_a_test(module, test, case)
