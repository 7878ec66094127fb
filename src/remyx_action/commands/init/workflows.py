"""The workflows that `init` writes: calls of the action's own."""

from __future__ import annotations

from importlib.resources import files
from importlib.resources.abc import Traversable
from pathlib import Path

from .texts import scalar

PLACEHOLDER = "0" * 40 + " # v0.1.0"
"""Where the packaged workflows name a release."""


def example_folder(name: str) -> Traversable:
    """Return a folder of the examples that come with the program."""
    folder = files("remyx_action").joinpath("examples", name)
    if not folder.is_dir():  # an editable installation reads them where they are edited
        folder = Path(__file__).parents[4] / "examples" / name
    return folder


def workflow_texts(
    *,
    policy: str,
    branch: str,
    action: str,
    in_shards: bool = False,
    folder: str = "",
    for_forks: bool = False,
    recorded: bool = False,
) -> dict[str, str]:
    """Return the workflows that call the action's own, by their paths below the repository's root.

    `action`: the release that they call, `OWNER/NAME@COMMIT`; `policy`: "" is every one; `folder`: the
    project's below the root, "" is the root; `recorded`: each verdict goes onto a branch, too.
    """
    suffix = f"-{folder.replace('/', '-')}" if folder else ""
    names = ["remyx-shards" if in_shards else "remyx", *(["remyx-forks"] if for_forks else [])]
    check = f"remyx / {f'{folder} / ' if folder else ''}{policy or 'POLICY'} ({branch})"
    given = f"      policy: {scalar(policy)}\n" if policy else ""
    given += f"      working-directory: {scalar(folder)}\n" if folder else ""
    repository, _, commit = action.partition("@")
    texts = {}
    for name in names:
        text = _example(name) + (_RECORDING + _example("remyx-recorded").partition(_RECORDING)[2]) * recorded
        place = name.replace("remyx-shards", "remyx") + suffix
        texts[f".github/workflows/{place}.yml"] = (
            text.replace(PLACEHOLDER, f"{commit}")
            .replace("OWNER/remyx-action/", f"{repository}/")
            .replace("    with:\n      policy: default\n", f"    with:\n{given}" if given else "")
            .replace("      policy: default\n", given)
            .replace("`remyx / default (main)`", f"`{check}`")
            .replace("branches: [main]", f"branches: [{scalar(branch)}]")
            .replace("into main by the bar that main", f"into {branch} by the bar that {branch}")
            .replace("name: remyx\n", f"name: remyx{suffix}\n")
            .replace("[remyx]", f"[remyx{suffix}]")
            .replace("name: remyx for forks\n", f"name: remyx{suffix} for forks\n")
            .replace("Beside remyx.yml", f"Beside remyx{suffix}.yml")
        )
    return texts


_RECORDING = "\n  # Runs no code of the pull request."
"""Begins the job that records, in the example that has it."""


def _example(name: str) -> str:
    return example_folder("workflows/calls").joinpath(f"{name}.yml").read_text("utf-8")
