"""lighteval's own environment, made for real; and what our program configures in it."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from remyx_action.runtimes.lighteval.environment import READY, installed, lighteval_python, requirements
from support.lighteval.running import CHILD, PROGRAMS

pytestmark = pytest.mark.slow

MAKE = """
import os
from remyx_action.runtimes.lighteval.environment import lighteval_python
print(lighteval_python(None, environ=dict(os.environ), say=lambda text: print("said:", text)))
"""


def test_two_programs_at_once_make_one_environment(tmp_path: Path) -> None:
    environment = os.environ | {"XDG_CACHE_HOME": str(tmp_path)}
    environment.setdefault("UV_CACHE_DIR", str(Path.home() / ".cache" / "uv"))
    both = [
        subprocess.Popen([sys.executable, "-c", MAKE], env=environment, stdout=subprocess.PIPE, text=True)
        for _ in range(2)
    ]
    said = [program.communicate(timeout=600)[0].splitlines() for program in both]
    assert [0, 0] == [program.returncode for program in both]
    assert said[0][-1] == said[1][-1]
    assert 1 == sum(line.startswith("said: making") for lines in said for line in lines)

    (folder,) = [path for path in (tmp_path / "remyx-action").iterdir() if path.is_dir()]
    assert {READY, "bin"} <= {path.name for path in folder.iterdir()}
    python = folder / "bin" / "python"
    assert str(python) == said[0][-1]
    found = installed(python, environ=os.environ)
    (pinned,) = [line for line in requirements().splitlines() if line.startswith("lighteval==")]
    assert found["torch"] in {"2.13.0+cpu", "2.13.0"}
    assert pinned.removesuffix(" \\") == f"lighteval=={found['lighteval']}"
    assert [] == [name for name in found if name.startswith("nvidia")]
    assert str(python) == lighteval_python(str(python), environ={}, say=print)
    shutil.rmtree(tmp_path)  # pytest would keep 2 GB


def config_of(python: str, **model: Any) -> Any:
    done = subprocess.run(
        [python, "-I", "-B", str(PROGRAMS / "show_config.py"), str(CHILD), json.dumps(model)],
        capture_output=True,
        text=True,
        check=True,
        env={"HF_HUB_OFFLINE": "1"},
    )
    return json.loads(done.stdout.splitlines()[-1])


def test_vllm_is_configured_as_the_template_says(python: str) -> None:
    """vllm itself needs a GPU; what lighteval hands to it does not."""
    generation = {"temperature": 0.5, "top_p": 0.9, "max_new_tokens": 32, "stop": ["\n"]}
    config = config_of(
        python,
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
