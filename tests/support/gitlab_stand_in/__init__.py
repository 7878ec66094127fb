"""One merge request of GitLab on loopback: its notes, held to a description of the five calls."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cache
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, urlencode, urlsplit

from support.github_stand_in.contract import Contract, Operation

JSON = Any
WHEN = "2026-05-04T09:12:44.000Z"
OURS, SOMEBODY = 71, 5
"""The token's user, and another."""
TOKEN = "glpat-0123456789abcdefghij"
PREFIX = "/gitlab/api/v4"
"""Below a path, as an installation may be, so that a client that forgets the path is found out."""


@cache
def contract() -> Contract:
    """The description that was written from GitLab's documentation of users and notes."""
    return Contract(json.loads((Path(__file__).parent / "description.json").read_text()))


@dataclass
class MergeRequest:
    """Merge request 12 of project 34."""

    notes: list[JSON] = field(default_factory=list)
    calls: list[str] = field(default_factory=list)
    """The verb of each request that was answered."""
    violations: list[str] = field(default_factory=list)
    page_size: int = 100
    fault: int | None = None
    """A status that every request is answered with."""
    address: str = ""

    @property
    def environment(self) -> dict[str, str]:
        """What GitLab and the project set for the job."""
        return {
            "CI_SERVER_URL": self.address,
            "CI_MERGE_REQUEST_PROJECT_ID": "34",
            "CI_MERGE_REQUEST_IID": "12",
            "CI_PIPELINE_ID": "900",
            "REMYX_GITLAB_TOKEN": TOKEN,
        }

    def add(self, body: str, author: int = SOMEBODY) -> JSON:
        note = {
            "id": 1000 + len(self.calls) + len(self.notes),
            "body": body,
            "author": {"id": author, "username": f"user{author}", "name": "U", "state": "active"},
            "created_at": WHEN,
            "updated_at": WHEN,
            "system": False,
            "noteable_id": 1,
            "noteable_type": "MergeRequest",
            "noteable_iid": 12,
            "project_id": 34,
            "resolvable": False,
            "internal": False,
        }
        self.notes.insert(0, note)  # newest first, as GitLab lists them
        return note

    def bodies(self) -> list[str]:
        return [note["body"] for note in self.notes]

    def answer(self, operation: Operation, path: dict[str, str], body: JSON) -> tuple[int, JSON]:
        if operation.name.endswith("/user"):
            return 200, {"id": OURS, "username": "project_34_bot", "name": "remyx", "state": "active"}
        if (path["id"], path["noteable_id"]) != ("34", "12"):
            return 404, {"message": "404 Not Found"}
        if operation.name.startswith("get"):
            return 200, self.notes
        if operation.name.startswith("post"):
            return 201, self.add(body["body"], OURS)
        (note,) = (one for one in self.notes if str(one["id"]) == path["note_id"])
        if note["author"]["id"] != OURS:
            return 403, {"message": "403 Forbidden"}
        if operation.name.startswith("delete"):
            self.notes.remove(note)
            return 204, None
        note["body"] = body["body"]
        return 200, note


class _Handler(BaseHTTPRequestHandler):
    world: MergeRequest
    protocol_version = "HTTP/1.1"

    def carry_out(self) -> None:
        raw = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        body = json.loads(raw) if raw else None
        url, links = urlsplit(self.path), ""
        found = contract().find(self.command, url.path.removeprefix(PREFIX))
        world = self.world
        answer: JSON
        if self.headers.get("PRIVATE-TOKEN") != TOKEN or not self.path.startswith(PREFIX):
            status, answer = 401, {"message": "401 Unauthorized"}
        elif world.fault is not None:
            status, answer = world.fault, {"message": f"{world.fault}"}
        elif found is None:
            world.violations.append(f"unknown: {self.command} {self.path}")
            status, answer = 404, {"error": "404 Not Found"}
        else:
            operation, path = found
            world.violations += contract().request_violations(operation, path, url.query, body)
            status, answer = world.answer(operation, path, body)
            if isinstance(answer, list):
                answer, links = self._page(answer, dict(parse_qsl(url.query)), url.path)
            world.violations += contract().answer_violations(operation, status, answer)
            world.calls.append(self.command)
        text = b"" if answer is None else json.dumps(answer).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(text)))
        if links:
            self.send_header("Link", links)
        self.end_headers()
        self.wfile.write(text)

    def _page(self, items: list[JSON], query: dict[str, str], path: str) -> tuple[list[JSON], str]:
        size = min(int(query.get("per_page", "20")), self.world.page_size)
        page = int(query.get("page", "1"))
        more = page * size < len(items)
        following = urlencode({**query, "page": page + 1, "per_page": size})
        address = f"{self.world.address.removesuffix('/gitlab')}{path}?{following}"
        return items[(page - 1) * size : page * size], f'<{address}>; rel="next"' if more else ""

    do_GET = do_POST = do_PUT = do_DELETE = carry_out  # noqa: N815 - as http.server calls them

    def log_message(self, *_: object) -> None:
        """Nothing on the screen."""


@contextmanager
def merge_request_on_loopback(**given: Any) -> Iterator[MergeRequest]:
    """A merge request that answers as long as the block; what was not as described fails the test."""
    world = MergeRequest(**given)
    server = ThreadingHTTPServer(("127.0.0.1", 0), type("Handler", (_Handler,), {"world": world}))
    world.address = f"http://127.0.0.1:{server.server_port}/gitlab"
    thread = threading.Thread(target=server.serve_forever, args=(0.05,))
    thread.start()
    try:
        yield world
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
    assert [] == world.violations
