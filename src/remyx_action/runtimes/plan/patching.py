"""A changed copy of a config file: the values that a template sets, in place of those that stand there."""

from __future__ import annotations

import json
from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from remyx_action.errors import NotJudged
from remyx_action.project.files.wording import did_you_mean

PatchSetting = str | bool | Decimal
MOST_BYTES = 1024 * 1024


def patched(path: str, content: bytes, settings: Mapping[str, PatchSetting]) -> bytes:
    """The file with each setting (keys joined by dots → value) in place; comments may go.

    Only keys that stand there already are set: a misspelt one would leave both arms alike, and nobody would
    see it. NotJudged where there is none, or where the file is neither YAML nor JSON.
    """
    value = _load(path, content)
    for dotted, setting in settings.items():
        _set(path, value, dotted, _plain(setting))
    if path.endswith(".json"):
        return (json.dumps(value, indent=2, ensure_ascii=False) + "\n").encode()
    import yaml

    text: str = yaml.safe_dump(value, allow_unicode=True, sort_keys=False)
    return text.encode()


def _load(path: str, content: bytes) -> Any:
    import yaml

    if len(content) > MOST_BYTES:
        raise NotJudged(f"{path} is larger than {MOST_BYTES // 1024:,} KiB", help="patch a smaller file")
    try:
        if path.endswith(".json"):
            return json.loads(content)
        return yaml.safe_load(content)
    except (ValueError, yaml.YAMLError, RecursionError) as error:
        what = str(error).splitlines()[0]
        raise NotJudged(
            f"{path} cannot be patched: {what}", help="name a YAML or JSON file in `patch`"
        ) from error


def _set(path: str, value: Any, dotted: str, setting: Any) -> None:
    *parents, last = dotted.split(".")
    for depth, key in enumerate(parents):
        value = value[_place(path, value, key, dotted, depth)]
    value[_place(path, value, last, dotted, len(parents))] = setting


def _place(path: str, value: Any, key: str, dotted: str, depth: int) -> str | int:
    """The key or index below a value; NotJudged where there is none."""
    if isinstance(value, list) and key.isdecimal() and int(key) < len(value):
        return int(key)
    if isinstance(value, dict) and key in value:
        return key
    reached = ".".join(dotted.split(".")[: depth + 1])
    allowed = [name for name in value if isinstance(name, str)] if isinstance(value, dict) else []
    raise NotJudged(
        f"{path} has no {reached}, which `patch` sets",
        help=did_you_mean(key, allowed, none="name a key that is in the file"),
    )


def _plain(setting: PatchSetting) -> Any:
    if not isinstance(setting, Decimal):
        return setting
    return int(setting) if setting == setting.to_integral_value() else float(setting)
