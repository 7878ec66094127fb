"""A template of runtime lighteval → what its arms are asked to do."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

from remyx_action.errors import NotJudged
from remyx_action.project.load import load_bundle
from remyx_action.project.models import Metrics, Template
from remyx_action.project.models.shard import Shard
from remyx_action.project.models.template import ArmName
from remyx_action.project.tasks import task_list
from remyx_action.runtimes.lighteval.environment import lighteval_python, requirements
from remyx_action.runtimes.plan.lighteval import (
    LIGHTEVAL_VERSION,
    ChildSite,
    is_pinned,
    name_and_revision,
    plan_lighteval,
)
from remyx_action.runtimes.plan.run_plan import RunPlan

ASSETS: dict[ArmName, str] = {"baseline": "org/old@" + "a" * 40, "variant": "models/new"}
SURROUNDINGS = {
    "PATH": "/bin", "HOME": "/home/ann", "HF_HOME": "/models", "HF_TOKEN": "hf_secret", "KEY": "sk-secret",
    "GITHUB_TOKEN": "ghs_secret", "HF_ENDPOINT": "https://ann:word@hub",
}  # fmt: skip
POLICY = """version: 1
name: default
template: suite
ship: {all: [{field: coverage, op: ">=", threshold: 1}]}
"""


def template_of(**changes: Any) -> tuple[Template, Metrics]:
    document = {
        "version": 1,
        "name": "suite",
        "runtime": "lighteval",
        "task": "gsm8k",
        "baseline_asset": ASSETS["baseline"],
        "model": {"backend": "accelerate"},
        "metrics": "auto",
        **changes,
    }
    texts = {
        ".remyx/metrics.yaml": b"version: 1\nmetrics: []\n",
        ".remyx/templates/suite.yaml": yaml.safe_dump(document).encode(),
        ".remyx/policies/default.yaml": POLICY.encode(),
    }
    bundle = load_bundle(texts)
    return bundle.templates["suite"], bundle.vocabulary


def plan_of(*, shard: Shard | None = None, seed: int = 0, **changes: Any) -> RunPlan:
    template, vocabulary = template_of(**changes)
    site = ChildSite(
        python="/cache/bin/python",
        child="/program/lighteval_child",
        harness="/repository",
        outputs={"baseline": "/out/baseline", "variant": "/out/variant"},
        environment=SURROUNDINGS,
    )
    return plan_lighteval(template, vocabulary, assets=ASSETS, site=site, seed=seed, shard=shard or Shard())


def asked(plan: RunPlan) -> list[Any]:
    return [json.loads(arm.command[-1]) for arm in plan.arms]


def test_an_arm_is_a_program_of_lightevals_own_python_with_all_that_it_is_asked_in_one_word() -> None:
    plan = plan_of(few_shot=5, max_samples=200, seed=7)
    for arm in plan.arms:
        assert (
            "/cache/bin/python",
            "-I",
            "-B",
            "-u",
            "-X",
            "utf8",
            "/program/lighteval_child",
        ) == arm.command[:-1]
    baseline, variant = asked(plan)
    assert {
        "schema": "remyx-lighteval/1",
        "tasks": ["gsm8k"],
        "custom_tasks": None,
        "few_shot": 5,
        "samples": 200,
        "seed": 7,
        "shard": 0,
        "shards": 1,
        "metrics": {"extractive_match": {"gsm8k": "extractive_match"}},
        "model": {"backend": "accelerate", "name": "org/old", "revision": "a" * 40, "root": "/repository"},
        "output_folder": "/out/baseline",
        "data_folder": None,
    } == baseline
    assert ("models/new", None) == (variant["model"]["name"], variant["model"]["revision"])


def test_a_group_is_asked_as_its_tasks_and_one_metric() -> None:
    baseline, _ = asked(plan_of(task="mmlu"))
    assert 57 == len(baseline["tasks"])
    (of,) = baseline["metrics"].values()
    assert set(baseline["tasks"]) == set(of)


def test_numbers_reach_the_model_as_numbers() -> None:
    model = {"backend": "accelerate", "generation": {"temperature": 0.7, "top_k": 5, "stop": ["\n"]}}
    baseline, _ = asked(plan_of(model=model))
    assert {"temperature": 0.7, "top_k": 5, "stop": ["\n"]} == baseline["model"]["generation"]


def test_a_quick_look_and_a_shard_take_part_of_the_samples() -> None:
    first, _ = asked(plan_of(max_samples=200, shard=Shard(samples=50)))
    second, _ = asked(plan_of(shard=Shard(index=3, count=8)))
    assert (50, 3, 8) == (first["samples"], second["shard"], second["shards"])


def test_an_arm_gets_where_models_are_and_no_secret_that_the_template_does_not_name() -> None:
    server = {"backend": "openai", "base_url": "http://127.0.0.1:1/v1", "api_key": "KEY"}
    plain, keyed = (plan_of(model=model).arms[0].environment for model in ({"backend": "vllm"}, server))
    assert "/models" == plain["HF_HOME"]
    assert {"HF_TOKEN", "KEY", "GITHUB_TOKEN", "HF_ENDPOINT"}.isdisjoint(plain)
    assert "sk-secret" == keyed["KEY"]
    assert {"HF_TOKEN", "GITHUB_TOKEN"}.isdisjoint(keyed)
    with pytest.raises(NotJudged, match="GITHUB_TOKEN, which no harness is given"):
        plan_of(model=server | {"api_key": "GITHUB_TOKEN"})


def test_models_that_are_loaded_here_take_turns() -> None:
    server = {"backend": "openai", "base_url": "http://127.0.0.1:1/v1"}
    assert [False, False, True] == [
        plan_of(model=model).together for model in ({"backend": "accelerate"}, {"backend": "vllm"}, server)
    ]
    assert plan_of(arms="parallel").together
    assert not plan_of(model=server, arms="sequential").together


@pytest.mark.parametrize(
    ("asset", "pinned"),
    [
        ("org/model@" + "0f" * 20, True),
        ("org/model@main", False),
        ("org/model", False),
        ("org/model@" + "0F" * 20, False),
        ("models/new", False),
        ("../org/model@" + "0f" * 20, False),
        ("org/model@" + "0f" * 20 + "\n", False),
    ],
)
def test_a_model_is_pinned_by_the_whole_name_of_a_commit(asset: str, *, pinned: bool) -> None:
    assert pinned == is_pinned(asset)


def test_a_revision_comes_after_the_last_at_sign_and_a_server_has_none() -> None:
    assert ("org/model", "v2") == name_and_revision("org/model@v2", backend="accelerate")
    assert ("model@2024", None) == name_and_revision("model@2024", backend="openai")
    assert ("org/model@", None) == name_and_revision("org/model@", backend="vllm")


def locked() -> list[str]:
    """The lines of the lock that name a package."""
    return [line.removesuffix(" \\") for line in requirements().splitlines() if not line.startswith(" ")]


def test_every_package_but_torch_is_locked_by_what_it_holds() -> None:
    """torch comes from one of several places, whose files differ."""
    packages = re.split(r"\n(?=\S)", requirements())
    assert {"torch"} == {each.split("==")[0] for each in packages if "--hash=sha256:" not in each}


def test_the_lock_the_list_and_the_program_mean_one_lighteval() -> None:
    pins = dict(line.split(" ;")[0].split("==") for line in locked())
    assert LIGHTEVAL_VERSION == pins["lighteval"] == task_list().version
    assert pins["huggingface-hub"].split(".")[0] < "2"
    assert int(pins["xxhash"].split(".")[0]) < 4


def test_the_lock_holds_nothing_for_cuda() -> None:
    lines = locked()
    assert [] == [line for line in lines if line.startswith(("nvidia", "cuda", "triton"))]
    assert {"torch==2.13.0+cpu ; sys_platform == 'linux'", "torch==2.13.0 ; sys_platform != 'linux'"} == {
        line for line in lines if line.startswith("torch==")
    }


def test_a_named_python_without_lighteval_is_refused(tmp_path: Path) -> None:
    with pytest.raises(NotJudged, match=f"has no lighteval, and {LIGHTEVAL_VERSION} is needed"):
        lighteval_python(sys.executable, environ={}, say=print)
    with pytest.raises(NotJudged, match="cannot be used"):
        lighteval_python(str(tmp_path / "python"), environ={}, say=print)


@pytest.mark.parametrize(
    ("more", "words"), [({}, "uv ended with exit code"), ({"PATH": ""}, "uv is missing")]
)
def test_an_environment_that_cannot_be_made_says_how_large_it_is_and_leaves_nothing(
    tmp_path: Path, more: dict[str, str], words: str
) -> None:
    environ = {
        "PATH": os.environ["PATH"],
        "HOME": str(tmp_path),
        "XDG_CACHE_HOME": str(tmp_path / "cache"),
        "UV_OFFLINE": "1",
        "UV_CACHE_DIR": str(tmp_path / "uv"),
        **more,
    }
    said: list[str] = []
    with pytest.raises(NotJudged, match=words) as refused:
        lighteval_python(None, environ=environ, say=said.append)
    assert "(1.9 GB, one to three minutes)" in refused.value.message
    assert "model.python" in refused.value.help
    assert [True] == [path.suffix == ".lock" for path in (tmp_path / "cache" / "remyx-action").iterdir()]


A_UV = """#!/bin/sh
{ pwd; echo "$*"; env; } >>"$HOME/told"
exit ENDS
"""


def noting_uv(folder: Path, *, ends: int) -> dict[str, str]:
    """Surroundings with a uv that only notes in HOME what it is told."""
    uv = folder / "bin" / "uv"
    uv.parent.mkdir()
    uv.write_text(A_UV.replace("ENDS", str(ends)))
    uv.chmod(0o755)
    return SURROUNDINGS | {"PATH": f"{uv.parent}:{os.environ['PATH']}", "HOME": str(folder)}


def test_a_pull_request_does_not_choose_where_packages_come_from_and_uv_gets_no_token(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """No file of the checkout, and nothing of the runner."""
    checkout = tmp_path / "checkout"
    checkout.mkdir()
    (checkout / "uv.toml").write_text('index-url = "https://example.org/simple"\n')
    monkeypatch.chdir(checkout)
    environ = noting_uv(tmp_path, ends=1) | {
        "UV_INDEX_URL": "https://ann:word@example.org/simple",
        "UV_INDEX_OURS_PASSWORD": "word",
    }
    with pytest.raises(NotJudged, match="uv ended with exit code 1"):
        lighteval_python(None, environ=environ, say=print)
    folder, arguments, *environment = (tmp_path / "told").read_text().splitlines()
    assert folder.startswith(f"{tmp_path}/.cache/remyx-action/lighteval-")
    assert arguments.startswith("--no-config venv ")
    assert {"UV_INDEX_URL=https://ann:word@example.org/simple", "UV_INDEX_OURS_PASSWORD=word"} <= {
        *environment
    }
    assert [] == [line for line in environment if line.startswith(("HF_TOKEN", "KEY", "GITHUB_TOKEN"))]


def test_only_what_the_lock_hashes_is_installed_and_one_package_alone_is_built(tmp_path: Path) -> None:
    with pytest.raises(NotJudged, match="No such file"):  # this uv installs nothing
        lighteval_python(None, environ=noting_uv(tmp_path, ends=0), say=print)
    told = (tmp_path / "told").read_text().splitlines()
    torch, others = (line for line in told if line.startswith("--no-config pip install"))
    assert all("--only-binary=:all:" in each for each in (torch, others))
    assert "--no-binary" not in torch
    assert {"--require-hashes", "--no-binary=rouge-score"} <= {*others.split()}


WAITING_UV = """#!/bin/sh
echo "$2" >>"$HOME/told"
[ "$2" = venv ] || exit 0
read -r _ <"$HOME/go"
for folder; do :; done
mkdir -p "$folder/bin"
cp "$HOME/python" "$folder/bin/python"
"""
MAKE = """
import os
from functools import partial
from remyx_action.runtimes.lighteval.environment import lighteval_python
say = partial(print, flush=True)
say(lighteval_python(None, environ=dict(os.environ), say=say))
"""


def test_two_programs_at_once_make_one_environment(tmp_path: Path) -> None:
    """A uv that waits until both are there: the second one waits as well, and installs nothing."""
    environ = noting_uv(tmp_path, ends=0)
    (tmp_path / "bin" / "uv").write_text(WAITING_UV)
    (tmp_path / "python").write_text(f'#!/bin/sh\necho \'{{"lighteval": "{LIGHTEVAL_VERSION}"}}\'\n')
    (tmp_path / "python").chmod(0o755)
    os.mkfifo(tmp_path / "go")

    def start() -> subprocess.Popen[str]:
        return subprocess.Popen(
            [sys.executable, "-c", MAKE], env=environ, stdout=subprocess.PIPE, text=True, cwd=tmp_path
        )

    with start() as first:
        assert first.stdout is not None
        assert first.stdout.readline().startswith("making lighteval's environment once")
        with start() as second:
            assert second.stdout is not None
            waiting = second.stdout.readline()
            with (tmp_path / "go").open("r+b", buffering=0) as go:  # of both ends: nobody waits for the other
                go.write(b"\n" * 4)
                made, *_ = first.communicate()
                found, *_ = second.communicate()
    assert "waiting for another run that is making lighteval's environment" == waiting.strip()
    assert made.splitlines()[-1] == found.strip()
    assert found.strip().endswith("/bin/python")
    assert ["venv", "pip", "pip"] == (tmp_path / "told").read_text().split()


def test_a_named_python_is_asked_without_any_token(tmp_path: Path) -> None:
    python = tmp_path / "python"
    python.write_text('#!/bin/sh\nenv >"$HOME/told"\necho {}\n')
    python.chmod(0o755)
    with pytest.raises(NotJudged, match="has no lighteval"):
        lighteval_python(str(python), environ=SURROUNDINGS | {"HOME": str(tmp_path)}, say=print)
    told = (tmp_path / "told").read_text()
    assert f"HOME={tmp_path}" in told
    assert "secret" not in told
