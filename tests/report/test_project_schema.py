"""Schemas that know a project, alone and in the editor's real language server."""

import json
import os
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from remyx_action.commands.schema import differing_schemas, write_schemas
from remyx_action.policy.lints.warnings import warnings_of
from remyx_action.project.files.yaml_text import load_yaml
from remyx_action.project.load import Bundle, load_bundle
from remyx_action.report.schemas import project_schemas, schema_of
from support.language_server import NotInstalled, editor, install

ROOT = Path(__file__).parents[2]
EXAMPLE = ROOT / "examples" / "vqasynth"
PAGE = ROOT / "docs" / "reference" / "editor.md"
URI = "file:///project/.remyx/policies/default.yaml"


def project(folder: Path = EXAMPLE) -> Bundle:
    paths = [path for path in folder.glob(".remyx/**/*") if path.is_file()]
    return load_bundle({path.relative_to(folder).as_posix(): path.read_bytes() for path in paths})


def validator(name: str) -> Draft202012Validator:
    schema = project_schemas(project())[f"{name}.schema.json"]
    Draft202012Validator.check_schema(schema)
    return Draft202012Validator(schema)


def value_of(path: str) -> Any:
    return json.loads(json.dumps(load_yaml((EXAMPLE / path).read_bytes(), path).value, default=float))


PROJECTS = sorted(
    folder.parent
    for glob in ("examples/*/.remyx", "examples/*/project/.remyx", "tests/examples/files/holds-*/.remyx")
    for folder in ROOT.glob(glob)
)


@pytest.mark.parametrize("root", PROJECTS, ids=lambda root: str(root.relative_to(ROOT)))
def test_a_project_keeps_to_its_own_schemas(root: Path) -> None:
    schemas = project_schemas(project(root))
    wrong = {}
    for kind, name in (("policies", "policy"), ("templates", "template"), ("experiments", "experiment")):
        for path in root.glob(f".remyx/{kind}/*.yaml"):
            value = json.loads(json.dumps(load_yaml(path.read_bytes(), "x").value, default=float))
            errors = Draft202012Validator(schemas[f"{name}.schema.json"]).iter_errors(value)
            wrong[path.name] = [error.message for error in errors]
    assert len(wrong) >= 2
    assert set() == {message for messages in wrong.values() for message in messages}


def test_a_metric_or_template_that_the_project_lacks_is_refused() -> None:
    policy = value_of(".remyx/policies/default.yaml")
    assert validator("policy").is_valid(policy)
    assert not validator("policy").is_valid({**policy, "template": "spatial-suit"})
    misspelt = [{"metric": "acuracy.delta", "op": ">=", "threshold": 0.1}]
    assert not validator("policy").is_valid({**policy, "ship": {"all": misspelt}})
    template = value_of(".remyx/templates/spatial-suite.yaml")
    assert not validator("template").is_valid({**template, "metrics": ["acuracy"]})


LINES = [
    ("omnispatial no_regression 0.01 at 80%", True),
    ("mindcube.delta >= 0.02", True),
    ("coverage(mindcube) >= 1", True),
    ("worse(space10, by 0.5) <= 3", True),
    ("delta_confidence >= 0.80", True),
    ("mindcub no_regression 0.01 at 80%", False),
    ("coverage(mindcub) >= 1", False),
    ("worse(acuracy) <= 3", False),
    ("acuracy.delta >= 0.02", False),
    ("mindcube >= 0.02", False),
    ("mindcube no_regression 0.01 at 80", False),
]


@pytest.mark.parametrize(("line", "is_valid"), LINES)
def test_a_line_on_a_metric_that_the_project_lacks_is_refused_wherever_it_stands(
    line: str, *, is_valid: bool
) -> None:
    policy = value_of(".remyx/policies/default.yaml")
    places: list[Any] = [line, {"if": line, "why": "?"}, {"any": [line, "coverage >= 1"]}]
    for place in places:
        rules = {"ship": {"all": [place]}, "reject": {"any": [place]}}
        assert [is_valid] * 2 == [
            validator("policy").is_valid({**policy, name: rule}) for name, rule in rules.items()
        ]
    texts = {
        path.relative_to(EXAMPLE).as_posix(): path.read_bytes() for path in EXAMPLE.glob(".remyx/**/*.yaml")
    }
    texts[".remyx/policies/default.yaml"] = json.dumps({**policy, "ship": {"all": [line]}}).encode()
    loaded = load_bundle(texts)
    assert is_valid is not any("/ship" in problem.pointer for problem in loaded.errors)


def test_no_line_that_is_offered_is_refused_or_warned_of() -> None:
    schema = project_schemas(project())["policy.schema.json"]
    offered = schema["$defs"]["AllOf"]["properties"]["all"]["items"]["oneOf"]
    lines = next(one["examples"] for one in offered if "examples" in one)
    assert {"spatialscore improves_by 0.02 at 80%", "spatialscore.value >= 0.42"} < set(lines)
    texts = {
        path.relative_to(EXAMPLE).as_posix(): path.read_bytes() for path in EXAMPLE.glob(".remyx/**/*.yaml")
    }
    policy = {"version": 1, "name": "default", "template": "spatial-suite"}
    for line in lines:
        ship = ["spatialscore improves_by 0.02 at 80%", line]
        texts[".remyx/policies/default.yaml"] = json.dumps({**policy, "ship": {"all": ship}}).encode()
        bundle = load_bundle(texts)
        found = [problem.code for problem in (*bundle.errors, *warnings_of(bundle, texts))]
        assert not {"cannot-fail", "cannot-hold", "unknown-metric"} & set(found), (line, found)
        assert [] == list(bundle.errors)


def test_a_task_may_bring_along_metrics_that_the_project_does_not_hold() -> None:
    task = {"runtime": "lighteval", "task": "gsm8k", "model": {"backend": "accelerate"}}
    for metrics in ("auto", ["extractive_match"]):
        assert validator("template").is_valid({"version": 1, "name": "gsm8k", **task, "metrics": metrics})


def test_a_project_without_metrics_gets_the_common_schema() -> None:
    common = schema_of("policy")
    own = project_schemas(load_bundle({}))["policy.schema.json"]
    assert {**common, "$id": "x"} == {**own, "$id": "x"}


def test_the_schemas_of_a_project_are_written_beside_the_others(tmp_path: Path) -> None:
    write_schemas(tmp_path)
    assert ["template.schema.json", "policy.schema.json", "experiment.schema.json"] == differing_schemas(
        tmp_path, project=project()
    )
    write_schemas(tmp_path, project=project())
    assert [] == differing_schemas(tmp_path, project=project())


@pytest.fixture(scope="session")
def language_server(request: pytest.FixtureRequest) -> Path:
    try:
        return install(request.config.cache.mkdir("yaml-language-server"))
    except NotInstalled as error:
        pytest.skip(f"yaml-language-server: {error}")


@pytest.mark.slow
def test_an_editor_completes_explains_and_corrects(language_server: Path, tmp_path: Path) -> None:
    """`REWRITE_GOLDEN=1 uv run pytest tests/report/test_project_schema.py` writes the transcript again."""
    write_schemas(tmp_path, project=project())
    text = (EXAMPLE / ".remyx" / "policies" / "default.yaml").read_text()
    with editor(language_server, {(tmp_path / "policy.schema.json").as_uri(): "*.yaml"}) as opened:
        asked = text.replace("spatialscore.delta", "spa", 1)
        line, character = place_of(asked, "metric: spa")
        opened.open(URI, asked)
        items = opened.at("completion", URI, line, character)["items"]
        offered = [(item["label"], item["documentation"]) for item in items]
        other = URI.replace("default", "strict")
        assert [] == opened.open(other, text)
        hover = opened.at("hover", other, *place_of(text, "metric: space10"))["contents"]["value"]
        wrong = text.replace("spatialscore.delta", "acuracy.delta", 1)
        lines = text.replace(
            '{metric: spatialscore.delta, op: ">=", threshold: 0.02, confidence: 0.80}', "omni", 1
        )
        fourth = URI.replace("default", "lines")
        opened.open(fourth, lines)
        items = opened.at("completion", fourth, *place_of(lines, "- omni"))["items"]
        completed = [item["label"] for item in items if item["label"].startswith("omni")]
        third = URI.replace("default", "wrong")
        (diagnostic,) = opened.open(third, wrong)
    assert "omnispatial improves_by 0.02 at 80%" in completed
    assert "omnispatial no_regression 0.01 at 80%" in completed
    matching = [(label, words) for label, words in offered if label.startswith("spa")]
    assert ["spatialscore.value", "spatialscore.delta", "spatialscore.relative_delta"] == [
        label for label, _ in matching if label.startswith("spatial")
    ]
    explained = hover.replace("\\", "").split("\n\n")[1]
    assert explained.startswith("SpaCE-10 · accuracy · higher is better")
    start, end = diagnostic["range"]["start"], diagnostic["range"]["end"]
    assert "acuracy.delta" == wrong.splitlines()[start["line"]][start["character"] : end["character"]]
    assert "spatialscore.delta" in diagnostic["message"]
    said = transcript(matching, explained, diagnostic)
    if os.environ.get("REWRITE_GOLDEN"):
        before = PAGE.read_text().partition("## What the editor then says")[0]
        PAGE.write_text(f"{before}{said}")
    assert PAGE.read_text().endswith(said)


def place_of(text: str, words: str) -> tuple[int, int]:
    """0-based line and character after the words where they first stand."""
    for number, line in enumerate(text.splitlines()):
        if words in line:
            return number, line.index(words) + len(words)
    raise AssertionError(words)


def transcript(offered: list[tuple[str, str]], explained: str, diagnostic: dict[str, Any]) -> str:
    completion = "\n".join(f"{label:<30}{words}" for label, words in offered)
    start = diagnostic["range"]["start"]
    return f"""## What the editor then says

Recorded from yaml-language-server over its protocol, in `examples/vqasynth`.

Completion after `metric: spa`:

```
{completion}
```

Hover over `metric: space10.delta`:

```
{explained}
```

A diagnostic for `metric: acuracy.delta`:

```
{start["line"] + 1}:{start["character"] + 1} {diagnostic["message"]}
```
"""
