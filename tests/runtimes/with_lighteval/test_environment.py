"""lighteval's own environment, made for real; and what our program configures in it."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import pytest

from remyx_action.runtimes.lighteval.environment import READY, installed, lighteval_python, requirements
from support.lighteval.running import CHILD, PROGRAMS, Forks

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("lighteval")]


def test_the_environment_holds_what_its_lock_names(python: str) -> None:
    """Where there was none yet, these tests have made it."""
    folder = Path(python).parents[1]
    assert {READY, "bin"} <= {path.name for path in folder.iterdir()}
    found = installed(Path(python), environ=os.environ)
    (pinned,) = [line for line in requirements().splitlines() if line.startswith("lighteval==")]
    assert found["torch"] in {"2.13.0+cpu", "2.13.0"}
    assert pinned.removesuffix(" \\") == f"lighteval=={found['lighteval']}"
    assert [] == [name for name in found if name.startswith("nvidia")]
    assert python == lighteval_python(python, environ={}, say=print)


def config_of(forks: Forks, folder: Path, **model: Any) -> Any:
    program = [str(PROGRAMS / "show_config.py"), str(CHILD), json.dumps(model)]
    code, said = forks.run(*program, folder=folder, environment={"HF_HUB_OFFLINE": "1"})
    assert 0 == code, said
    return json.loads(said.splitlines()[-1])


def test_vllm_is_configured_as_the_template_says(forks: Forks, tmp_path: Path) -> None:
    """vllm itself needs a GPU; what lighteval hands to it does not."""
    generation = {"temperature": 0.5, "top_p": 0.9, "max_new_tokens": 32, "stop": ["\n"]}
    config = config_of(
        forks,
        tmp_path,
        backend="vllm",
        name="org/model",
        revision="v2",
        dtype="float16",
        batch_size=16,
        chat_template=False,
        generation=generation,
    )
    assert "VLLMModelConfig" == config["type"]
    assert {
        "model_name": "org/model",
        "revision": "v2",
        "dtype": "float16",
        "max_num_seqs": 16,
        "override_chat_template": False,
        "seed": 7,
        "trust_remote_code": False,
        "cache_dir": "/cache",
    }.items() <= config.items()
    assert (0.5, 0.9, 7) == tuple(
        config["generation_parameters"][name] for name in ("temperature", "top_p", "seed")
    )
    # these go into the documents: see evaluating.py
    assert {"max_new_tokens", "stop_tokens"}.isdisjoint(config["generation_parameters"])
