"""`init`: what a person types, at a real terminal, becomes valid files; nothing of theirs is overwritten."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from remyx_action.commands.init.answers import Answers, Contents, MetricAnswer, check_condition, recommended
from remyx_action.commands.init.command import Wishes, init
from remyx_action.commands.init.finding import survey
from remyx_action.commands.init.interview import NobodyAnswers
from remyx_action.commands.init.origin import installed_from, origin, release_named
from remyx_action.commands.init.result_files import contents_of_output
from remyx_action.commands.init.tables import as_line, metrics_in
from remyx_action.commands.init.texts import PLACEHOLDER, texts_of, variant_text, workflow_texts
from remyx_action.errors import NotJudged, WrongUsage
from remyx_action.policy.lints.warnings import warnings_of
from remyx_action.project.codeowners import read_codeowners
from remyx_action.project.files.yaml_text import load_yaml
from remyx_action.project.load import load_bundle
from remyx_action.project.models.field_types import KEY_PATTERN
from support.person import at_a_terminal
from support.repositories import git

ROOT = Path(__file__).parents[2]
PROGRAM = [sys.executable, "-m", "remyx_action"]
ACTION = "some-team/remyx-action@" + "1" * 40 + " # v0.1.0"
REPORTED = Contents(
    file="out.json",
    metrics=(
        MetricAnswer(key="recall_at_5", label="recall@5", unit="fraction", name="recall@5", samples=300),
    ),
)


class Person:
    """Answers in turn, and remembers what was asked and said."""

    def __init__(self, *answers: str) -> None:
        self.answers = list(answers)
        self.asked: list[str] = []
        self.said: list[str] = []

    def ask(self, question: str, proposal: str = "", *, many: bool = False) -> Sequence[str]:
        self.asked.append(f"{question} [{proposal}]")
        if not self.answers:
            raise NobodyAnswers
        answer = self.answers.pop(0)
        return answer.split("\n") if many and answer else [answer] if answer else []

    def sets_up(self, root: Path, wishes: Wishes = Wishes()) -> str:  # noqa: B008
        init(root, {}, wishes, ask=self.ask, say=self.said.append, try_out=tried)
        assert self.answers == [], self.answers
        return "\n".join(self.said)


def tried(_root: Path, answers: Answers) -> Contents:
    if answers.baseline_asset == "broken":
        raise NotJudged("exited with 1", help="look at its log")
    return REPORTED


def run(folder: Path, *words: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run([*PROGRAM, *words], cwd=folder, capture_output=True, text=True, check=False)


def script(
    root: Path, name: str = "evaluate.py", text: str = "import os; os.environ['REMYX_ASSET']\n"
) -> None:
    (root / name).parent.mkdir(parents=True, exist_ok=True)
    (root / name).write_text(text)


def test_enter_alone_takes_what_was_found(tmp_path: Path) -> None:
    script(tmp_path)
    (tmp_path / "questions.jsonl").write_text("{}\n")
    person = Person(*[""] * 10)
    person.sets_up(tmp_path)
    assert len(person.asked) == 10
    template = yaml.safe_load((tmp_path / ".remyx/templates/suite.yaml").read_text())
    assert template["harness"] == ["evaluate.py", "questions.jsonl"]
    assert template["variant_asset"] == {"file": "model.yaml", "pointer": "/model"}
    assert template["samples"] == 300
    assert (tmp_path / "model.yaml").read_text() == "model: baseline\n"
    assert (
        '{key: recall_at_5, label: "recall@5", unit: fraction}'
        in (tmp_path / ".remyx/metrics.yaml").read_text()
    )
    assert run(tmp_path, "check").returncode == 0


def test_an_answer_can_be_explained_and_taken_back(tmp_path: Path) -> None:
    script(tmp_path)
    person = Person("?", "", "v1", "<", "v2", "-", "", "no", "acc:%:71.5", "2,000", "", "", "-", "")
    said = person.sets_up(tmp_path)
    assert "REMYX_OUTPUT_DIR" in said
    template = yaml.safe_load((tmp_path / ".remyx/templates/suite.yaml").read_text())
    assert (template["baseline_asset"], template["samples"]) == ("v2", 2000)
    assert "variant_asset" not in template
    policy = yaml.safe_load((tmp_path / ".remyx/policies/default.yaml").read_text())
    assert policy["ship"] == {"all": ["acc improves_by 2 at 80%"]}
    assert "reject" not in policy


def test_wrong_answers_are_asked_again(tmp_path: Path) -> None:
    script(tmp_path)
    wrong = {
        "evalute.py": "did you mean evaluate.py?",
        "model.toml": "no YAML or JSON file",
        "nowhere/**": "no file fits",
        "maybe": "yes or no",
        "a|b|c|d|e": "is no metric",
        "accuracy:accuracy:71": "lies outside 0 to 1",
        "many": "is no number of samples",
        "speed": "there is no metric",
        "accuracy gets_better 0.1": "is no operator",
        "accuracy improves_by 5%": "may mean a part of the baseline",
    }
    answers = ["evalute.py", "", "", "model.toml", "", "nowhere/**", "", "maybe", "no", "a|b|c|d|e"]
    answers += ["accuracy:accuracy:71", "accuracy:accuracy:0.71", "many", "300", "speed", ""]
    answers += ["accuracy gets_better 0.1", "accuracy improves_by 5%", "accuracy improves_by 0.1", "", ""]
    said = Person(*answers).sets_up(tmp_path)
    assert [text for text in wrong.values() if text not in said] == []
    assert "    - accuracy improves_by 0.1\n" in (tmp_path / ".remyx/policies/default.yaml").read_text()


def test_a_run_that_fails_is_no_end(tmp_path: Path) -> None:
    script(tmp_path)
    person = Person("", "broken", "", "", "yes", "no", "", "", "", "", "", "")
    assert "exited with 1\n  help: look at its log" in person.sets_up(tmp_path)
    assert person.asked[5].endswith("[no]")


def test_what_a_script_does_not_know_it_cannot_score(tmp_path: Path) -> None:
    script(tmp_path, text="print(1)\n")
    person = Person(
        "", "", "-", "", "<", "<", "python3 evaluate.py {asset}", "", "-", "", "", "", "", "", "", ""
    )
    assert "nothing tells evaluate.py which version to score" in person.sets_up(tmp_path)
    assert (
        'command: [python3, evaluate.py, "{asset}"]' in (tmp_path / ".remyx/templates/suite.yaml").read_text()
    )


def test_a_script_that_reads_its_configuration_gets_a_changed_copy(tmp_path: Path) -> None:
    script(tmp_path, text="import yaml\n")
    (tmp_path / "config.yaml").write_text("run: {model: org/v1, output_dir: out}\n")
    Person(*[""] * 10).sets_up(tmp_path)
    template = yaml.safe_load((tmp_path / ".remyx/templates/suite.yaml").read_text())
    assert template["patch"] == [
        {"file": "config.yaml", "set": {"run.model": "{asset}", "run.output_dir": "{output_dir}"}}
    ]
    assert template["baseline_asset"] == "org/v1"


def test_commits_need_no_variant(tmp_path: Path) -> None:
    script(tmp_path)
    Person("", "commits", *[""] * 7).sets_up(tmp_path)
    template = yaml.safe_load((tmp_path / ".remyx/templates/suite.yaml").read_text())
    assert template["compare"] == "commits"
    assert {"baseline_asset", "variant_asset"} & set(template) == set()


def test_the_second_time_another_bar_comes_with_the_first(tmp_path: Path) -> None:
    script(tmp_path)
    Person(*[""] * 10).sets_up(tmp_path)
    first = (tmp_path / ".remyx/metrics.yaml").read_text()
    person = Person("", "", "", "", "no", "-latency | Latency | ms | 120", *[""] * 5)
    assert "there is a bar here already" in person.sets_up(tmp_path)
    both = (tmp_path / ".remyx/metrics.yaml").read_text()
    assert both.startswith(first)
    assert "{key: latency, label: Latency, unit: ms, direction: lower" in both
    assert {path.stem for path in (tmp_path / ".remyx/policies").iterdir()} == {"default", "default-2"}
    assert run(tmp_path, "check").returncode == 0


def test_in_an_empty_folder_an_example_is_offered(tmp_path: Path) -> None:
    code, screen = at_a_terminal(
        [*PROGRAM, "init", "--owners", "@org/leads"], ["", ""], folder=tmp_path, width=40
    )
    assert code == 0, screen
    assert "wrote evaluate.py\n" in screen
    assert (tmp_path / "evaluate.py").read_bytes() == (
        ROOT / "examples/digits-classifier/evaluate.py"
    ).read_bytes()
    owners = read_codeowners((tmp_path / ".github/CODEOWNERS").read_text())
    assert owners.owners_of(".remyx/policies/default.yaml") == ("@org/leads",)


def test_without_an_example_a_script_can_be_written_later(tmp_path: Path) -> None:
    said = Person("none", "", "", "", "", "", "", "", "", "").sets_up(tmp_path)
    assert "there is no evaluate.py yet" in said


def test_a_task_of_lighteval_brings_its_metrics_along(tmp_path: Path) -> None:
    person = Person("lighteval gsm8", "lighteval gsm8k", "org/v1", "", "500", "", "", "", "")
    assert "did you mean gsm8k" in person.sets_up(tmp_path)
    template = yaml.safe_load((tmp_path / ".remyx/templates/suite.yaml").read_text())
    assert (template["runtime"], template["task"], template["metrics"]) == ("lighteval", "gsm8k", "auto")
    assert (template["baseline_asset"], template["samples"]) == ("org/v1", 500)
    assert not (tmp_path / ".remyx/metrics.yaml").exists()
    assert run(tmp_path, "check").returncode == 0
    done = run(tmp_path, "init", "--yes", "--script", "lighteval gsm8k", "--policy", "p", "--headline", "em")
    assert (done.returncode, "--headline: there is no metric" in done.stderr) == (64, True)


def test_samples_without_a_score_are_counted_and_looks_have_their_price(tmp_path: Path) -> None:
    (tmp_path / "odd").mkdir()
    scores = {f"q{number}": None if number == 7 else number % 2 for number in range(1000)}
    (tmp_path / "odd/named.json").write_text(json.dumps(scores))
    given = {"--script": ["results odd/named.json"]}
    said: list[str] = []
    nobody = Person().ask
    init(tmp_path, given, Wishes(yes=True), ask=nobody, say=said.append, try_out=tried)
    assert "samples: 1000" in (tmp_path / ".remyx/templates/suite.yaml").read_text()
    assert 1 == "\n".join(said).count("With 1,000 samples this bar ships")
    table = "at 80 % the first look needs 90 %, the second 96.7 % and the third 98.3 %, and what is hoped for"
    offered = next(line for line in said if "--looks corrected" in line)
    assert table in offered
    raised, once = re.findall(r"(\d+), \d+ and \d+ of 100 runs instead of (\d+)", offered)[0]
    assert int(raised) < int(once)
    wishes = Wishes(yes=True, force=True, looks="corrected")
    said.clear()
    init(tmp_path, given, wishes, ask=nobody, say=said.append, try_out=tried)
    assert "\nlooks: corrected\n" in (tmp_path / ".remyx/policies/default.yaml").read_text()
    assert "--looks" not in "\n".join(said)
    for path, told in [("odd/name.json", "did you mean odd/named.json"), ("../x", "odd/named.json")]:
        with pytest.raises(WrongUsage, match=r"there is no") as wrong:
            init(
                tmp_path,
                {"--script": [f"results {path}"]},
                wishes,
                ask=nobody,
                say=said.append,
                try_out=tried,
            )
        assert told in wrong.value.help


@pytest.mark.parametrize("name", ["baseline/eval.jsonl", "scores.tsv", "run-1/eval_results.parquet"])
def test_results_are_found_by_folder_name_and_format(tmp_path: Path, name: str) -> None:
    from pyarrow import Table, parquet

    (tmp_path / name).parent.mkdir(exist_ok=True)
    if name.endswith("parquet"):
        parquet.write_table(Table.from_pydict({"id": [1, 2], "f1": [0.5, 1.0]}), tmp_path / name)
    else:
        text = "id\tf1\n1\t0.5\n2\t1\n" if name.endswith("tsv") else '{"id": 1, "f1": 0.75}\n'
        (tmp_path / name).write_text(text)
    assert "0.75" == survey(tmp_path).results[name].metrics[0].baseline


def both_arms(root: Path, baseline: str, variant: str) -> None:
    for name, text in (("baseline/base.csv", baseline), ("variant/new.csv", variant)):
        (root / "results" / name).parent.mkdir(parents=True)
        (root / "results" / name).write_text(text)


def test_files_of_two_names_are_named_in_the_command_that_judges_them(tmp_path: Path) -> None:
    both_arms(tmp_path, "id,f1\n1,0.5\n2,1\n", "id,f1\n1,1\n2,1\n")
    wishes = Wishes(yes=True)
    said: list[str] = []
    init(tmp_path, {}, wishes, ask=Person().ask, say=said.append, try_out=tried)
    judged = run(tmp_path, *said[-1].removeprefix("next: remyx-action ").split())
    assert judged.returncode != 4, judged.stderr
    assert said[-1].endswith("--variant results/variant/new.csv --baseline results/baseline/base.csv")


def test_a_variant_is_never_taken_for_the_baseline(tmp_path: Path) -> None:
    both_arms(tmp_path, "id,f1\n1,0.5\n2,abc\n", "id,f1\n1,1\n2,1\n")
    done = run(tmp_path, "init", "--yes")
    assert (done.returncode, (tmp_path / ".remyx").exists()) == (64, False)
    assert "results/baseline/base.csv has no scores that could be read" in done.stderr


def test_results_with_a_name_of_their_own_answer_the_first_question(tmp_path: Path) -> None:
    (tmp_path / "first.json").write_text('[{"id": 1, "f1": 0.5}, {"id": 2, "f1": 1.0}]')
    person = Person("results first.json", "", "", "", "", "")
    person.sets_up(tmp_path)
    assert "Nothing to evaluate found here" in person.asked[0]
    assert "runtime: results\n" in (tmp_path / ".remyx/templates/suite.yaml").read_text()


def test_no_is_no(tmp_path: Path) -> None:
    Person("", "no").sets_up(tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_without_a_terminal_it_names_the_flags(tmp_path: Path) -> None:
    done = run(tmp_path, "init")
    assert done.returncode == 64
    assert (
        "--script PATH and --metric KEY:UNIT:BASELINE, or --script 'results PATH', or --from digits"
        in done.stderr
    )
    assert list(tmp_path.iterdir()) == []


def test_answers_may_come_through_a_pipe(tmp_path: Path) -> None:
    script(tmp_path)
    answers = "\n\n-\n\nno\nacc accuracy 0.5\n\n100\n\n\n\nyes\n"
    done = subprocess.run(
        [*PROGRAM, "init"], cwd=tmp_path, input=answers, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert (tmp_path / ".remyx/policies/default.yaml").exists()
    short = subprocess.run(
        [*PROGRAM, "init"], cwd=tmp_path, input="\n\n", capture_output=True, text=True, check=False
    )
    assert (short.returncode, "the answers end at" in short.stderr) == (64, True)


def test_a_folder_of_a_repository_keeps_to_itself(folder: Path) -> None:
    inside = folder / "services/search"
    script(inside)
    git(folder, "commit", "--quiet", "--allow-empty", "--message", "first")
    Person(*[""] * 10).sets_up(inside, Wishes(action=ACTION, owners=["@lead"]))
    assert (inside / ".remyx/metrics.yaml").exists()
    assert (folder / ".github/workflows/remyx-services-search.yml").exists()
    owners = read_codeowners((folder / ".github/CODEOWNERS").read_text())
    assert owners.owners_of("services/search/evaluate.py") == ("@lead",)


@pytest.mark.parametrize(
    ("given", "policy", "said"),
    [
        (
            {"--from": ["digits"], "--script": ["x.py"]},
            "",
            "--from digits is a whole",
        ),
        ({"--from": ["digits"]}, "mine", "--policy does not apply"),
        (
            {"--script": ["results"], "--harness": ["a/**"], "--baseline": ["b"]},
            "",
            "--harness, --baseline do",
        ),
        ({"--from": ["lighteval gsm8k"], "--metric": ["acc:accuracy:0.5"]}, "", "metrics of its own"),
        ({"--baseline": ["commits"], "--variant-file": ["a.yaml"]}, "", "commits are compared"),
    ],
)
def test_a_flag_that_does_not_apply_is_named(
    tmp_path: Path, given: dict[str, list[str]], policy: str, said: str
) -> None:
    (tmp_path / "results.json").write_text('{"accuracy": 0.5, "f1": 0.75}')
    usual = {} if "--from" in given else {"--script": ["evaluate.py"], "--metric": ["accuracy:accuracy:0.5"]}
    with pytest.raises(WrongUsage, match=said):
        init(
            tmp_path,
            {**usual, **given},
            Wishes(yes=True, policy=policy),
            ask=Person().ask,
            say=print,
            try_out=tried,
        )
    assert [tmp_path / "results.json"] == list(tmp_path.iterdir())


def test_flags_and_findings_are_enough(tmp_path: Path) -> None:
    script(tmp_path, "evaluation/evaluate.py")
    (tmp_path / "results.json").write_text(json.dumps({"exact_match": 0.42, "latency_ms": 12.5, "n": 300}))
    done = run(tmp_path, "init", "--yes", "--action", ACTION)
    assert done.returncode == 0, done.stderr
    assert "{key: exact_match, unit: accuracy, baseline: 0.42}" in done.stdout
    assert "{key: latency_ms, unit: ms, direction: lower, baseline: 12.5}" in done.stdout
    assert PLACEHOLDER not in (tmp_path / ".github/workflows/remyx.yml").read_text()
    again = run(tmp_path, "init", "--yes", "--metric", "other:%:50")
    assert again.returncode == 64
    assert "would overwrite .remyx/templates/suite.yaml" in again.stderr
    assert run(tmp_path, "init", "--yes", "--metric", "other:%:50", "--force").returncode == 0
    assert "other" in (tmp_path / ".remyx/metrics.yaml").read_text()


def test_a_dry_run_writes_nothing(tmp_path: Path) -> None:
    done = run(tmp_path, "init", "--from", "digits", "--yes", "--dry-run")
    assert (done.returncode, list(tmp_path.iterdir())) == (0, [])
    assert "── .remyx/policies/default.yaml" in done.stdout


def test_lines_of_codeowners_are_added_where_it_is(tmp_path: Path) -> None:
    (tmp_path / "docs").mkdir()
    (tmp_path / "docs/CODEOWNERS").write_text("* @everyone\n")
    assert run(tmp_path, "init", "--from", "digits", "--yes", "--owners", "@lead").returncode == 0
    owners = read_codeowners((tmp_path / "docs/CODEOWNERS").read_text())
    assert (owners.owners_of("a"), owners.owners_of("evaluate.py")) == (("@everyone",), ("@lead",))


@pytest.mark.parametrize(
    "typed",
    [
        "accuracy",
        "speed improves_by 1",
        "accuracy >= 1",
        "accuracy.gain > 1",
        "a b c",
        "accuracy improves_by 2%",
        "",
    ],
)
def test_what_is_no_condition_is_reported(typed: str) -> None:
    with pytest.raises(WrongUsage):
        check_condition(typed, [MetricAnswer(key="accuracy", unit="accuracy")])


METRICS = st.builds(
    MetricAnswer,
    key=st.from_regex(KEY_PATTERN, fullmatch=True),
    label=st.text(st.characters(codec="utf-8", exclude_categories=["C", "Z"]), max_size=20),
    unit=st.sampled_from(["", "accuracy", "%", "tokens per answer", "ms", "# odd: [unit]", "yes"]),
    direction=st.just("lower"),
    baseline=st.sampled_from(["", "0.5", "1"]),
)


@given(
    st.lists(METRICS, min_size=1, max_size=4, unique_by=lambda metric: metric.key),
    st.sampled_from(["evaluate.py", "my eval/run: it.py", "docker/eval_stage/"]),
    st.sampled_from(["org/model-v1", "on", "a: b", "#1", "1.5", "naïve model"]),
)
def test_whatever_is_answered_becomes_valid_files(
    metrics: list[MetricAnswer], script: str, asset: str
) -> None:
    ship, reject = recommended(metrics, [metrics[0].key])
    answers = Answers(
        metrics=tuple(metrics), template="suite", policy="default", script=script, baseline_asset=asset,
        ship=ship, reject=reject,
    )  # fmt: skip
    texts = {path: text.encode() for path, text in texts_of(answers).items()}
    bundle = load_bundle(texts)
    assert bundle.errors == ()
    assert bundle.templates["suite"].baseline_asset == asset
    assert [metric.label or "" for metric in bundle.vocabulary.metrics] == [one.label for one in metrics]


def test_the_recommended_shape_raises_no_warning() -> None:
    metrics = (MetricAnswer(key="a", unit="accuracy", baseline="0.5"), MetricAnswer(key="b", unit="accuracy"))
    ship, reject = recommended(metrics, ["a"])
    answers = Answers(
        metrics=metrics, template="suite", policy="default", script="a.py", baseline_asset="x",
        ship=ship, reject=reject, samples="2000",
    )  # fmt: skip
    texts = {path: text.encode() for path, text in texts_of(answers).items()}
    assert [problem.message for problem in warnings_of(load_bundle(texts), texts)] == []


@given(METRICS)
def test_a_proposed_line_says_its_metric(metric: MetricAnswer) -> None:
    if not {"|", "`"} & set(metric.label):
        [again] = metrics_in([as_line(metric)])
        assert (again.key, again.direction) == (metric.key, metric.direction)


@pytest.mark.parametrize(
    ("lines", "expected"),
    [
        (
            "| metric | baseline | unit |\n|---|---|---|\n| `recall@5` | 0.62 | fraction |",
            ("recall_at_5", "0.62"),
        ),
        ("acc:accuracy:0.5", ("acc", "0.5")),
        ("Exact match, accuracy, 0.5", ("exact_match", "0.5")),
        ("acc accuracy 0.5", ("acc", "0.5")),
        ("coverage\taccuracy", ("coverage_score", "")),
    ],
)
def test_metrics_are_read_from_what_people_paste(lines: str, expected: tuple[str, str]) -> None:
    [metric] = metrics_in(lines.split("\n"))
    assert (metric.key, metric.baseline) == expected


@given(st.text(max_size=60), st.sampled_from(["evaluate.py", "a b.yaml"]))
def test_a_variant_file_names_its_asset(asset: str, file: str) -> None:
    document = load_yaml(variant_text(file, "/run/model", asset or "x").encode(), file)
    assert document.problems or document.value == {"run": {"model": asset or "x"}}


@given(st.binary(max_size=400))
def test_any_file_may_be_there(content: bytes) -> None:
    with tempfile.TemporaryDirectory() as folder:
        for name in ("results.json", "results.jsonl", "scores.csv"):
            (Path(folder) / name).write_bytes(content)
        keys = [metric.key for one in survey(Path(folder)).results.values() for metric in one.metrics]
    assert [key for key in keys if re.match(KEY_PATTERN, key)] == keys


def test_hostile_results_propose_nothing_that_is_obeyed(tmp_path: Path) -> None:
    hostile = {"a\n- {key: x": 0.5, "__import__": 1, "b": True, "c": "1", "coverage": 1, "\u202eok": 0.25}
    (tmp_path / "results.json").write_text(json.dumps(hostile))
    found = contents_of_output(tmp_path)
    assert found is not None
    assert [metric.key for metric in found.metrics] == ["import", "coverage_score"]
    script(tmp_path)
    assert "\u202e" not in Person("", "", "-", "", "no", *[""] * 5).sets_up(tmp_path)
    assert run(tmp_path, "check").returncode == 0


def test_a_link_is_not_followed(tmp_path: Path) -> None:
    (tmp_path / "outside.json").write_text('{"accuracy": 0.5}')
    (tmp_path / "project").mkdir()
    (tmp_path / "project/results.json").symlink_to(tmp_path / "outside.json")
    assert survey(tmp_path / "project").results == {}


@pytest.mark.parametrize("in_shards", [False, True])
def test_the_workflows_are_the_ones_that_are_shown(in_shards: bool) -> None:
    shown = [
        (ROOT / "examples/workflows/calls" / f"{name}.yml").read_text()
        for name in ("remyx-shards" if in_shards else "remyx", "remyx-forks")
    ]
    action = f"OWNER/remyx-action@{PLACEHOLDER}"
    texts = workflow_texts(
        policy="default", branch="main", action=action, in_shards=in_shards, for_forks=True
    )
    assert shown == list(texts.values())
    assert [".github/workflows/remyx.yml", ".github/workflows/remyx-forks.yml"] == list(texts)


def test_a_workflow_names_branch_folder_and_policy() -> None:
    texts = workflow_texts(
        policy="strict", branch="release/1.0", action=ACTION, folder="services/triage", for_forks=True
    )
    written = {path: yaml.safe_load(text) for path, text in texts.items()}
    path = ".github/workflows/remyx-services-triage.yml"
    assert [path, ".github/workflows/remyx-forks-services-triage.yml"] == list(written)
    (first, second) = written.values()
    assert ["release/1.0"] == first[True]["pull_request"]["branches"]
    assert {"policy": "strict", "working-directory": "services/triage"} == first["jobs"]["judge"]["with"]
    assert [first["name"]] == second[True]["workflow_run"]["workflows"]
    assert "`remyx / services/triage / strict (release/1.0)`" in texts[path]
    assert "OWNER" not in "".join(texts.values())
    every = yaml.safe_load(next(iter(workflow_texts(policy="", branch="main", action=ACTION).values())))
    assert "with" not in every["jobs"]["judge"]


def test_a_recorded_workflow_is_the_one_that_is_shown_and_forks_are_recorded_too() -> None:
    shown = (ROOT / "examples/workflows/calls/remyx-recorded.yml").read_text()
    action = f"OWNER/remyx-action@{PLACEHOLDER}"
    texts = workflow_texts(policy="default", branch="main", action=action, for_forks=True, recorded=True)
    own, forks = texts.values()
    assert shown.splitlines()[1:] == own.splitlines()[1:]
    assert yaml.safe_load(own)["jobs"]["record"] == yaml.safe_load(forks)["jobs"]["record"]
    every, _ = workflow_texts(
        policy="", branch="main", action=ACTION, folder="a", for_forks=True, recorded=True
    ).values()
    handed_on = {"working-directory": "a", "verdicts": "${{ needs.judge.outputs.verdicts }}"}
    assert handed_on == yaml.safe_load(every)["jobs"]["record"]["with"]


def test_no_workflow_with_a_placeholder_is_written(tmp_path: Path) -> None:
    done = run(tmp_path, "init", "--from", "digits", "--yes")
    assert "left out: the workflow for pull requests (--action OWNER/NAME@COMMIT)" in done.stdout
    assert not (tmp_path / ".github").exists()


def test_the_workflow_names_the_commit_that_the_program_came_from() -> None:
    commit = "a" * 40
    job = {"GITHUB_ACTION_REPOSITORY": "some-team/remyx-action", "GITHUB_ACTION_REF": commit}
    assert f"some-team/remyx-action@{commit}" == origin(job, is_release=True)
    assert origin({}, is_release=True) is None
    assert origin({**job, "GITHUB_ACTION_REF": "main"}, is_release=True) is None
    assert origin(job) is None, "no release: its own workflows name no commit of the action"
    for url in (
        "https://github.com/some-team/remyx-action.git",
        "ssh://git@github.com/some-team/remyx-action",
    ):
        installed = json.dumps({"url": url, "vcs_info": {"vcs": "git", "commit_id": commit}})
        assert f"some-team/remyx-action@{commit}" == installed_from(installed)
    assert installed_from('{"url": "file:///work", "dir_info": {}}') is None


@pytest.mark.slow
def test_linters_find_nothing_in_what_is_written(tmp_path: Path) -> None:
    run(
        tmp_path,
        "init",
        "--from",
        "digits",
        "--yes",
        "--owners",
        "@org/leads",
        "--action",
        ACTION,
        "--branch",
        "trunk",
    )
    (tmp_path / ".git").mkdir()
    workflow = str(tmp_path / ".github/workflows/remyx.yml")
    remyx = tmp_path / ".remyx"
    kinds = {"metrics": remyx / "metrics.yaml", "policy": remyx / "policies/default.yaml"}
    schemas = [
        ["check-jsonschema", "--schemafile", str(remyx / f"schemas/{kind}.schema.json"), str(path)]
        for kind, path in kinds.items()
    ]
    for command in (
        ["zizmor", "--offline", "--no-progress", str(tmp_path)],
        ["jactionlint", workflow],
        ["check-jsonschema", "--builtin-schema", "vendor.github-workflows", workflow],
        *schemas,
    ):
        done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
        assert 0 == done.returncode, f"{command}\n{done.stdout}{done.stderr}"
    assert shutil.which("zizmor")


@pytest.mark.parametrize(
    "text",
    [
        "OWNER/NAME@COMMIT",
        f"OWNER/remyx-action@{'1' * 40}",
        f"a/b@{'0' * 40}",
        "a/b@main",
        "a/b@v1",
        "a/b",
        "@",
    ],
)
def test_a_placeholder_or_what_may_move_is_no_release(text: str) -> None:
    with pytest.raises(WrongUsage, match=f"--action {text} names no release of the action"):
        release_named(text)


@pytest.mark.parametrize("text", ["", ACTION, ACTION.partition(" ")[0]])
def test_a_repository_and_its_commit_are_one(text: str) -> None:
    assert text == release_named(text)
