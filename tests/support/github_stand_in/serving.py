"""How a resource of the stand-in is declared: the operation it serves and the permission it wants."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from .world import Identity, Level, World

JSON = Any
REPOSITORY = "/repos/{owner}/{repo}"


@dataclass(frozen=True, kw_only=True)
class Request:
    world: World
    identity: Identity
    address: str
    """Where the stand-in listens, for the addresses in its answers."""
    path: dict[str, str]
    query: dict[str, str]
    body: JSON

    @property
    def url(self) -> str:
        """API address of the repository."""
        return f"{self.address}/repos/{self.world.repository}"

    @property
    def page(self) -> str:
        """Address of the repository for people."""
        return f"{self.address.removesuffix('/api/v3')}/{self.world.repository}"


@dataclass(frozen=True, kw_only=True)
class Answer:
    status: int = 200
    body: JSON = None
    headers: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class Page:
    """Every item; the server cuts the page that was asked for."""

    items: list[JSON]
    key: str | None = None
    """Where the items stand beside `total_count`; None: the answer is the list itself."""


Handler = Callable[[Request], Answer | Page]


@dataclass(frozen=True, kw_only=True)
class Route:
    handler: Handler
    permissions: tuple[str, ...]
    """Any one of them is enough."""
    level: Level


ROUTES: dict[str, Route] = {}


def serves(operation: str, *permissions: str, level: Level = "read") -> Callable[[Handler], Handler]:
    """Declare the function that answers an operation of GitHub's description."""

    def declare(handler: Handler) -> Handler:
        ROUTES[operation] = Route(handler=handler, permissions=permissions, level=level)
        return handler

    return declare


def refusal(status: int, message: str, **headers: str) -> Answer:
    """An error as GitHub words it."""
    body = {
        "message": message,
        "documentation_url": "https://docs.github.com/rest",
        "status": str(status),
    }
    return Answer(status=status, body=body, headers=headers)


NOT_FOUND = refusal(404, "Not Found")


def invalid(resource: str, field_name: str, code: str, message: str) -> Answer:
    """422 as GitHub words it."""
    body = {
        "message": "Validation Failed",
        "documentation_url": "https://docs.github.com/rest",
        "errors": [{"resource": resource, "field": field_name, "code": code, "message": message}],
    }
    return Answer(status=422, body=body)
