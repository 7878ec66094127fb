"""Load: one YAML file's bytes → a value, the place of everything in it, and every problem of its syntax.

Works on PyYAML's events, which carry line and column, without recursion: PyYAML's own constructor keeps
the last of two duplicate keys, reads `1e-3` as text and `on` as true. Scalars are YAML 1.2 core.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any

import yaml
from msgspec import Struct, field
from msgspec.structs import replace

from remyx_action.errors import Problem

from .json_text import as_newer_python
from .pointer import pointer_to
from .wording import quoted
from .yaml_scalars import FORBIDDEN, Refused, ScalarValue, scalar_value

LARGEST_FILE_BYTES = 64 * 1024
DEEPEST = 32
MOST_PROBLEMS = 100
"""Of one file; the rest is not looked for, so that a hostile file costs nothing."""

# Faster by a factor of ten where libyaml is there; both give the same events and marks.
Loader: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)

SYNTAX_HELP = "check the indentation, the quotes and the brackets around this place"
HELP_OF_SYNTAX = {
    "mapping values are not allowed": "put quotes around a value that contains `: `",
    "cannot start any token": "indent with spaces, not tabs; quote a value that starts with @, `, %, > or <, "
    'such as `op: ">="`',
    "expected a comment or a line break": 'quote a value that starts with > or |, such as `op: ">="`',
    "violates indentation": "indent with spaces, not tabs",
    "found unexpected end of stream": "close the quote",
    "expected ',' or": "close the bracket, or put a comma between the entries",
    "could not find expected ':'": "write `key: value`",
}


class Place(Struct, frozen=True, kw_only=True):
    """The place of a value; lines and columns are 1-based and count characters."""

    line: int
    column: int
    key_line: int
    """Of the key that names the value; its own line where it has none."""
    key_column: int


class Document(Struct, frozen=True, kw_only=True):
    """One file, read: plain dicts, lists, str, bool, None, int, and Decimal of the written literal."""

    value: Any
    """None where nothing could be read."""
    places: Mapping[str, Place] = field(default_factory=dict)
    """By RFC 6901 JSON Pointer; "" is the whole file."""
    problems: tuple[Problem, ...] = ()
    broken: frozenset[str] = frozenset()
    """Pointers of values that already have a problem; their contents mean nothing."""


TOP = Place(line=1, column=1, key_line=1, key_column=1)


def load_yaml(data: bytes, path: str) -> Document:
    """The strictly read document of `data`; never raises. `path` is what its problems name."""
    if len(data) > LARGEST_FILE_BYTES:
        return _unreadable(
            path,
            code="file-too-large",
            message=f"is {len(data)} bytes; at most {LARGEST_FILE_BYTES} are read",
            help="split the file, or remove what is not needed",
        )
    try:
        text = data.decode("utf-8").removeprefix("\ufeff")
    except UnicodeDecodeError as error:
        return _unreadable(
            path,
            _position(data[: error.start].decode("utf-8", "replace")),
            code="not-utf-8",
            message=f"is not UTF-8: byte 0x{data[error.start]:02x} at offset {error.start}",
            help="save the file as UTF-8",
        )
    forbidden = _forbidden_characters(text, path)
    if forbidden:
        return Document(value=None, problems=forbidden, broken=frozenset({""}))
    return _Builder(path).build(text)


def _position(before: str) -> tuple[int, int]:
    lines = re.split(r"\r\n|\r|\n", before)
    return len(lines), len(lines[-1]) + 1


def _unreadable(path: str, at: tuple[int, int] = (1, 1), *, code: str, message: str, help: str) -> Document:
    line, column = at
    problem = Problem(path=path, line=line, column=column, pointer="", code=code, message=message, help=help)
    return Document(value=None, problems=(problem,), broken=frozenset({""}))


def _forbidden_characters(text: str, path: str) -> tuple[Problem, ...]:
    problems = []
    for match in FORBIDDEN.finditer(text):
        line, column = _position(text[: match.start()])
        problems.append(
            Problem(
                path=path,
                line=line,
                column=column,
                pointer="",
                code="control-character",
                message=f"contains the control character U+{ord(match[0]):04X}",
                help="remove it",
            )
        )
        if len(problems) > MOST_PROBLEMS:
            break
    return tuple(problems)


class _Open(Struct):
    """A collection whose end has not come yet."""

    pointer: str
    value: dict[str, Any] | list[Any]
    key: str | None = None
    key_mark: Any = None
    skipping: bool = False
    """The next value belongs to a key that is refused."""
    refused_keys: int = 0


class _Builder:
    """Builds one document from events, keeping open collections on a stack of its own."""

    def __init__(self, path: str) -> None:
        self.path = path
        self.problems: list[Problem] = []
        self.places: dict[str, Place] = {"": TOP}
        self.broken: set[str] = set()
        self.stack: list[_Open] = []
        self.root: Any = None
        self.documents = 0
        self.end = TOP

    def build(self, text: str) -> Document:
        line, column = _position(text.rstrip("\r\n"))
        self.end = Place(line=line, column=column, key_line=line, key_column=column)
        try:
            for event in yaml.parse(text, Loader=Loader):
                if not self._take(event) or len(self.problems) > MOST_PROBLEMS:
                    break
        except yaml.MarkedYAMLError as error:
            self._syntax(error)
        except (ValueError, yaml.YAMLError) as error:  # the pure Python scanner: chr() of an escape
            self._say("", TOP, "syntax", f"is not YAML: {error}", SYNTAX_HELP)
            self.broken.add("")
        if self.root is None and not self.problems:
            self._say("", TOP, "empty-file", "is empty", "start with `version: 1`")
            self.broken.add("")
        return Document(
            value=self.root,
            places=self.places,
            problems=tuple(self.problems),
            broken=frozenset(self.broken),
        )

    def _take(self, event: Any) -> bool:
        """Take one event; False stops the reading."""
        if isinstance(event, yaml.DocumentStartEvent):
            return self._start_document(event)
        if isinstance(event, yaml.ScalarEvent | yaml.AliasEvent | yaml.CollectionStartEvent):
            return self._node(event)
        if isinstance(event, yaml.CollectionEndEvent):
            self.stack.pop()
        return True

    def _start_document(self, event: Any) -> bool:
        self.documents += 1
        place = _place(event.start_mark)
        if self.documents > 1:
            self._say("", place, "several-documents", "holds a second document", "remove it and its `---`")
            return False
        version = getattr(event, "version", None)
        if version not in (None, (1, 2)) or getattr(event, "tags", None):
            self._say("", TOP, "directive", "has a % directive", "remove it: files are read as YAML 1.2")
        return True

    def _node(self, event: Any) -> bool:
        parent = self.stack[-1] if self.stack else None
        if parent is not None and isinstance(parent.value, dict) and parent.key is None:
            return self._key(parent, event)
        place, pointer = _place(event.start_mark), ""
        if parent is not None:
            if isinstance(parent.value, list):
                pointer = pointer_to(parent.pointer, len(parent.value))
            else:
                assert parent.key is not None
                pointer = pointer_to(parent.pointer, parent.key)
                place = _place(event.start_mark, parent.key_mark)
        if not (parent is not None and parent.skipping):
            self.places[pointer] = place
        value = self._value(event, pointer, place)
        self._attach(parent, value)
        if isinstance(event, yaml.CollectionStartEvent):
            return self._open(pointer, place, value)
        return True

    def _open(self, pointer: str, place: Place, value: Any) -> bool:
        self.stack.append(_Open(pointer=pointer, value=value))
        if len(self.stack) <= DEEPEST:
            return True
        self._say(pointer, place, "too-deep", f"is nested deeper than {DEEPEST} levels", "flatten it")
        self.broken.add("")
        return False

    def _attach(self, parent: _Open | None, value: Any) -> None:
        if parent is None:
            self.root = value
        elif isinstance(parent.value, list):
            parent.value.append(value)
        else:
            assert parent.key is not None
            if not parent.skipping:
                parent.value[parent.key] = value
            parent.key, parent.skipping = None, False

    def _key(self, parent: _Open, event: Any) -> bool:
        """Take a key; one that is refused still swallows its value, under a pointer of its own."""
        place = _place(event.start_mark)
        key = self._key_text(event, parent, place)
        assert isinstance(parent.value, dict)
        if key is not None and key in parent.value:
            first = self.places[pointer_to(parent.pointer, key)].key_line
            self._say(
                pointer_to(parent.pointer, key),
                place,
                "duplicate-key",
                f"duplicate key {quoted(key)}; first in line {first}",
                "remove one of the two",
            )
            key = None
        parent.skipping = key is None
        if key is None:
            parent.refused_keys += 1
            key = f"\x00{parent.refused_keys}"  # no file can hold this name
        parent.key, parent.key_mark = key, event.start_mark
        if isinstance(event, yaml.CollectionStartEvent):
            collection: Any = {} if isinstance(event, yaml.MappingStartEvent) else []
            return self._open(pointer_to(parent.pointer, key), place, collection)
        return True

    def _key_text(self, event: Any, parent: _Open, place: Place) -> str | None:
        if self._refused(event, parent.pointer, place):
            return None
        if isinstance(event, yaml.ScalarEvent):
            if event.implicit[0] and event.value == "<<":
                self._say(
                    parent.pointer,
                    place,
                    "merge-key",
                    "merge keys (<<) are not allowed",
                    "write the keys out",
                )
                return None
            key = self._scalar(event, parent.pointer, place)
            if isinstance(key, str):
                return key
            if isinstance(key, Refused):
                return None
        self._say(
            parent.pointer, place, "key-not-text", "a key must be text", "put quotes around it, or name it"
        )
        return None

    def _value(self, event: Any, pointer: str, place: Place) -> Any:
        """The value of a node; None where it is refused or missing, with a problem reported."""
        refused = self._refused(event, pointer, place)
        value: Any
        if isinstance(event, yaml.CollectionStartEvent):
            value = {} if isinstance(event, yaml.MappingStartEvent) else []
        elif refused:
            value = None
        else:
            value = self._scalar(event, pointer, place)
            refused = isinstance(value, Refused)
            if value is None and pointer:
                self._say(pointer, place, "no-value", "has no value", "give it one, or remove the key")
                refused = True
        if refused:
            self.broken.add(pointer)
        return None if isinstance(value, Refused) else value

    def _refused(self, event: Any, pointer: str, place: Place) -> bool:
        """Whether the node is an alias, or has an anchor or a tag; a problem is reported for each."""
        if isinstance(event, yaml.AliasEvent):
            self._say(
                pointer, place, "alias", f"aliases (*{event.anchor}) are not allowed", "write the value out"
            )
            return True
        if event.anchor is not None:
            self._say(pointer, place, "anchor", f"anchors (&{event.anchor}) are not allowed", "remove it")
        tag = event.tag
        if tag is not None:
            shown = tag.replace("tag:yaml.org,2002:", "!!")
            self._say(pointer, place, "tag", f"tags ({quoted(shown)}) are not allowed", "remove the tag")
        return event.anchor is not None or tag is not None

    def _scalar(self, event: Any, pointer: str, place: Place) -> ScalarValue | Refused:
        value = scalar_value(event.value, plain=event.implicit[0])
        if isinstance(value, Refused):
            self._say(pointer, place, value.code, value.message, value.help)
        return value

    def _syntax(self, error: yaml.MarkedYAMLError) -> None:
        mark = error.problem_mark or error.context_mark
        place = _place(mark) if mark is not None else TOP
        problem = error.problem or error.context or "cannot be read"
        hint = next((hint for part, hint in HELP_OF_SYNTAX.items() if part in problem), SYNTAX_HELP)
        self._say("", place, "syntax", f"is not YAML: {problem}", hint)
        self.broken.add("")

    def _say(self, pointer: str, place: Place, code: str, message: str, help: str) -> None:
        if place.line > self.end.line:  # libyaml's end is a line below the text
            place = self.end
        self.problems.append(
            Problem(
                path=self.path,
                line=place.line,
                column=place.column,
                pointer=pointer.partition("/\x00")[0],
                code=code,
                message=message,
                help=help,
            )
        )


def _place(mark: Any, key_mark: Any = None) -> Place:
    key = key_mark or mark
    return Place(line=mark.line + 1, column=mark.column + 1, key_line=key.line + 1, key_column=key.column + 1)


def load_json(data: bytes, path: str) -> Document:
    """The document of `data`; JSON is a part of YAML, so only what is not JSON needs a rule here."""
    document = load_yaml(data, path)
    if document.problems:
        return document
    try:
        text = data.decode("utf-8").removeprefix("\ufeff")
        json.loads(text)
    except (ValueError, RecursionError) as fault:
        error = as_newer_python(text, fault) if isinstance(fault, json.JSONDecodeError) else fault
        problem = Problem(
            path=path,
            line=getattr(error, "lineno", 1),
            column=getattr(error, "colno", 1),
            pointer="",
            code="syntax",
            message=f"is not JSON: {str(getattr(error, 'msg', error)).lower()}",
            help="write this file with the command that makes it",
        )
        return replace(document, problems=(problem,), broken=frozenset({""}))
    return document
