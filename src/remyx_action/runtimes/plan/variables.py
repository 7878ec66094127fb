"""What of this program's environment a harness may see: an allow-list, so that no token slips through."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

from remyx_action.errors import NotJudged
from remyx_action.project.models.field_types import PLACEHOLDERS

_WITHOUT_VALUE = {
    "samples": ("the template declares no samples", "add `samples: N` to the template"),
    "harness": ("in a container the harness is what its image holds", "name the path in the image"),
    "source": ("this run has no commit of its own", "write `compare: commits`, or leave it out"),
    "inputs": ("only `predict.command` knows it", "leave it out"),
    "predictions": ("the template has no `predict`", "leave it out, or add `predict`"),
    "output_dir": ("code under test writes predictions alone", "write {predictions}"),
}
"""Placeholder → why it may have no value, and what to do."""


def filled_in(word: str, values: Mapping[str, str], where: str) -> str:
    """Put values in place of placeholders, once: braces inside a value and all others stay as they are.

    NotJudged where one has no value; `where` is the key of the template that uses it.
    """

    def value_of(match: re.Match[str]) -> str:
        if match[1] not in values:
            why, advice = _WITHOUT_VALUE[match[1]]
            raise NotJudged(f"`{where}` uses {{{match[1]}}}, and {why}", help=advice)
        return values[match[1]]

    return re.sub("{(" + "|".join(PLACEHOLDERS) + ")}", value_of, word)


def as_variables(values: Mapping[str, str]) -> dict[str, str]:
    """`REMYX_ASSET` and so on."""
    return {f"REMYX_{name.upper()}": value for name, value in values.items()}


_PACKAGES = (
    "UV_CACHE_DIR", "UV_CONFIG_FILE", "UV_DEFAULT_INDEX", "UV_EXTRA_INDEX_URL", "UV_FIND_LINKS", "UV_INDEX",
    "UV_INDEX_URL", "UV_LINK_MODE", "UV_NATIVE_TLS", "UV_OFFLINE", "UV_PYTHON", "UV_PYTHON_DOWNLOADS",
    "UV_PYTHON_INSTALL_DIR", "UV_PYTHON_PREFERENCE", "UV_SYSTEM_CERTS",
)  # fmt: skip
_NETWORK = (
    "ALL_PROXY", "HTTPS_PROXY", "HTTP_PROXY", "NO_PROXY",
    "all_proxy", "https_proxy", "http_proxy", "no_proxy",
    "CURL_CA_BUNDLE", "REQUESTS_CA_BUNDLE", "SSL_CERT_DIR", "SSL_CERT_FILE",
)  # fmt: skip
_PERSON = (
    "HOME", "LANG", "LANGUAGE", "LOGNAME", "PATH", "TMPDIR", "TZ", "USER",
    "XDG_CACHE_HOME", "XDG_CONFIG_HOME", "XDG_DATA_HOME",
)  # fmt: skip
_MACHINE = ("CUDA_VISIBLE_DEVICES", "LD_LIBRARY_PATH")

KEPT = frozenset({*_PACKAGES, *_NETWORK, *_PERSON, *_MACHINE})
"""Where programs, caches and packages are found. HOME stays the person's own: model caches live there,
and an empty one would hide nothing from a process of the same user."""

NEVER = ("GITHUB_", "ACTIONS_", "RUNNER_", "INPUT_", "REMYX_")
"""Prefixes of what belongs to the runner or to us; no template may ask for it."""

SET = {"PYTHONUNBUFFERED": "1", "PYTHONDONTWRITEBYTECODE": "1", "PYTHONUTF8": "1"}
"""Lines arrive when they are printed; the harness root stays as it was; text is UTF-8 everywhere."""

_CREDENTIALS = re.compile(r"://[^/@\s]+@")


def passed_through(
    environment: Mapping[str, str],
    names: Sequence[str],
    *,
    secrets: Sequence[str] = (),
    besides: Sequence[str] = (),
) -> tuple[Mapping[str, str], tuple[str, ...]]:
    """The environment that both arms start from, and notes on what was left out.

    `names` and `secrets` are those in the template's `env` and `secrets`; NotJudged where one is never passed
    on. `besides` are kept like those of the allow-list. An address with a password in it goes only to a
    harness whose template asks for the variable by name.
    """
    asked = {**dict.fromkeys(names, "env"), **dict.fromkeys(secrets, "secrets")}
    kept, notes = {**SET, **asked_for(environment, names, secrets=secrets)}, []
    for name, value in environment.items():
        if name in asked:
            continue
        if name in KEPT or name in besides or name.startswith("LC_"):
            if _CREDENTIALS.search(value):
                notes.append(f"{name} holds credentials and is not passed on; `secrets: [{name}]` would")
            else:
                kept[name] = value
    missing = {name: key for name, key in asked.items() if name not in kept}
    notes += [f"{name}, which `{key}` asks for, is not set" for name, key in missing.items()]
    return kept, tuple(notes)


def asked_for(
    environment: Mapping[str, str], names: Sequence[str], *, secrets: Sequence[str] = ()
) -> dict[str, str]:
    """The variables that a template names, empty secrets left out; NotJudged where one is never passed on."""
    forbidden = [name for name in (*names, *secrets) if name.upper().startswith(NEVER)]
    if forbidden:
        raise NotJudged(
            f"the template asks for {', '.join(forbidden)}, which no harness is given",
            help=f"remove it: names that start with {', '.join(NEVER)} stay with the runner",
        )
    given = {name: environment[name] for name in names if name in environment}
    return given | {name: environment[name] for name in secrets if environment.get(name)}
