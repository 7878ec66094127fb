"""Names in a template's `env` that look like secrets: a warning for each, and how they are moved."""

from __future__ import annotations

from collections.abc import Iterator

import yaml

from remyx_action.errors import Problem, Severity

from .files.yaml_text import TOP
from .load import Bundle
from .models.template import looks_secret

CODE = "secret-in-env"


def secrets_in_env(bundle: Bundle) -> Iterator[Problem]:
    """Yield a warning for every name in `env` that looks like a secret's."""
    for name, template in bundle.templates.items():
        path = f".remyx/templates/{name}.yaml"
        for index, variable in enumerate(template.env):
            if looks_secret(variable):
                place = bundle.places.get(path, {}).get(f"/env/{index}", TOP)
                yield Problem(
                    path=path,
                    line=place.line,
                    column=place.column,
                    pointer=f"/env/{index}",
                    code=CODE,
                    severity=Severity.WARNING,
                    message=f"{variable} looks like a secret, and is treated as one",
                    help=f"write `secrets: [{variable}]` in place of it (`remyx-action check --fix` does)",
                )


def with_secrets_moved(text: str) -> str | None:
    """Return a template's text with such names in `secrets`; None where a comment would be lost.

    The text is that of a template that can be read; it comes back as it is where there is nothing to move.
    """
    root = yaml.compose(text, Loader=yaml.SafeLoader)
    assert isinstance(root, yaml.MappingNode)
    nodes = {key.value: (key, value) for key, value in root.value}
    if "env" not in nodes:
        return text
    names = _names(nodes["env"][1])
    secrets = _names(nodes["secrets"][1]) if "secrets" in nodes else []
    moved = [name for name in names if looks_secret(name)]
    if not moved:
        return text
    written = {
        "env": _line("env", [name for name in names if name not in moved]),
        "secrets": _line("secrets", list(dict.fromkeys([*secrets, *moved]))),
    }
    if "secrets" not in nodes:
        written = {"env": "\n".join(filter(None, written.values()))}
    for key in sorted(written, key=lambda key: -nodes[key][0].start_mark.index):
        start, end = nodes[key][0].start_mark.index, _end(nodes[key][1])
        if "#" in text[start:end]:
            return None
        rest = text[end:] if written[key] else text[end:].removeprefix("\n")
        text = f"{text[:start]}{written[key]}{rest}"
    return text


def _line(key: str, names: list[str]) -> str:
    return f"{key}: [{', '.join(names)}]" if names else ""


def _end(node: yaml.CollectionNode) -> int:
    """Where a list ends; one in block style ends with its last item, not where the next key begins."""
    end = node.value[-1].end_mark.index if node.value and not node.flow_style else node.end_mark.index
    return int(end)


def _names(node: yaml.Node) -> list[str]:
    return [str(item.value) for item in node.value]
