"""The stand-in over HTTP on loopback: permissions, limits, paging, faults, the contract on both sides."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from functools import partial
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qsl, quote, urlencode, urlsplit

from . import code, pulls, talk
from .contract import Operation
from .git_http import serve_git
from .serving import NOT_FOUND, ROUTES, Answer, Page, Request, Route, invalid, refusal
from .world import Call, Fault, Identity, Late, World

JSON = Any
PREFIX = "/api/v3"
"""GitHub Enterprise's; so a client that forgets the path of its base address is found out."""
API_VERSION = "2022-11-28"
RESOURCES = (code, pulls, talk)
"""Imported for the routes that they declare."""

SERVED: list[World] = []
"""Every world of this test session, for the count of violations at its end."""


class Dropped(Exception):
    """Close the connection without an answer."""


class StandIn:
    """One repository on one server."""

    def __init__(self, world: World, address: str) -> None:
        self.world = world
        self.address = address
        self.lock = threading.RLock()

    def answer(self, verb: str, target: str, headers: dict[str, str], raw: bytes) -> Answer:
        """Serve one request, through the fault that waits for it if there is one."""
        path = urlsplit(target).path
        with self.lock:
            fault = self.world.next_fault(verb, path)
            if fault is None and verb == "GET":
                self._land()
        if fault is None:
            return self._served(verb, target, headers, raw)
        return self._through(fault, verb, target, headers, raw)

    def end_of_day(self) -> None:
        """Let every write land that was answered with 502 and is still on its way."""
        with self.lock:
            self._land(reads=99)

    def _land(self, *, reads: int = 1) -> None:
        for each in list(self.world.late):
            each.reads -= reads
            if each.reads <= 0:
                self.world.late.remove(each)
                each.write()

    def _through(self, fault: Fault, verb: str, target: str, headers: dict[str, str], raw: bytes) -> Answer:
        world, kind = self.world, fault.kind
        if kind in {"moves", "slow", "another answer"}:
            fault.act()
            time.sleep(1.3 if kind == "slow" else 0)
            served = self._served(verb, target, headers, raw)
            return replace(served, body=fault.change(served.body))
        if kind in {"502 after", "dropped after"}:
            self._served(verb, target, headers, raw)
        if kind == "502 and late":
            write = partial(self._served, verb, target, headers, raw)
            world.late.append(Late(write=write, reads=fault.reads_before_landing))
        if kind.startswith("502"):
            return Answer(status=502, body={"message": "Server Error"})
        if kind.startswith("dropped"):
            raise Dropped
        if kind == "redirected":
            return Answer(status=301, headers={"Location": "https://elsewhere.invalid/"})
        if kind == "not JSON":
            return Answer(status=200, body="<html>sign in to the network</html>")
        return _limited(fault, world)

    def _served(self, verb: str, target: str, headers: dict[str, str], raw: bytes) -> Answer:
        moved = self._moved(verb, target)
        if moved is not None:
            return moved
        parts = urlsplit(target)
        body = json.loads(raw) if raw else None
        found = self.world.contract.find(verb, target)
        if found is None or found[0].name not in ROUTES:
            self.world.violations.append(f"{verb} {target}: no operation that is served")
            return NOT_FOUND
        operation, path = found
        wrong = self.world.contract.request_violations(operation, path, parts.query, body)
        wrong += _header_violations(headers, has_body=body is not None)
        if wrong:
            self._note(verb, target, wrong)
            return invalid("Request", "body", "invalid", "; ".join(wrong)[:500])
        try:
            with self.lock:
                answer = self._permitted(operation, path, headers, parts.query, body)
        except Exception as defect:
            self._note(verb, target, [f"the stand-in itself failed: {defect!r}"])
            raise
        wrong = self.world.contract.answer_violations(operation, answer.status, answer.body)
        self._note(verb, target, [f"answer {answer.status}: {each}" for each in wrong])
        return answer

    def _moved(self, verb: str, target: str) -> Answer | None:
        """The redirection of a request to a former name: 301 for reads, 307 for writes."""
        for name in self.world.former_names:
            if target.startswith(f"/repos/{name}"):
                rest = target.removeprefix(f"/repos/{name}")
                location = f"{self.address}/repos/{self.world.repository}{rest}"
                status = 301 if verb in {"GET", "HEAD"} else 307
                message = "Moved Permanently" if status == 301 else "Temporary Redirect"
                body = {"message": message, "url": location, "documentation_url": "https://docs.github.com"}
                return Answer(status=status, body=body, headers={"Location": location})
        return None

    def _note(self, verb: str, target: str, wrong: list[str]) -> None:
        self.world.violations += [f"{verb} {target}: {each}" for each in wrong]

    def _permitted(
        self, operation: Operation, path: dict[str, str], headers: dict[str, str], query: str, body: JSON
    ) -> Answer:
        scheme, _, token = headers.get("authorization", "").partition(" ")
        identity = self.world.identities.get(token) if scheme.lower() in {"bearer", "token"} else None
        if identity is None:
            return refusal(401, "Bad credentials")
        if "repo" in path and f"{path['owner']}/{path['repo']}" != self.world.repository:
            return NOT_FOUND
        route = ROUTES[operation.name]
        if not _may(identity, route):
            accepted = "; ".join(f"{each}={route.level}" for each in route.permissions)
            whose = "integration" if identity.app else "personal access token"
            return refusal(
                403, f"Resource not accessible by {whose}", **{"X-Accepted-GitHub-Permissions": accepted}
            )
        request = Request(
            world=self.world,
            identity=identity,
            address=self.address,
            path=path,
            query=dict(parse_qsl(query)),
            body=body,
        )
        result = route.handler(request)
        if isinstance(result, Page):
            return _cut(result, request, operation)
        return result

    def limit_headers(self) -> dict[str, str]:
        """What GitHub says of the primary limit with every answer."""
        self.world.remaining -= 1
        return {
            "X-RateLimit-Limit": "5000",
            "X-RateLimit-Remaining": str(self.world.remaining),
            "X-RateLimit-Used": str(5000 - self.world.remaining),
            "X-RateLimit-Reset": str(self.world.resets_at),
            "X-RateLimit-Resource": "core",
        }


def _may(identity: Identity, route: Route) -> bool:
    """Reading is free in a public repository, except classic protection; writing wants the permission."""
    if route.level == "read":
        return "administration" not in route.permissions or "administration" in identity.permissions
    return any(identity.permissions.get(each) == "write" for each in route.permissions)


def _header_violations(headers: dict[str, str], *, has_body: bool) -> list[str]:
    wrong = []
    if headers.get("x-github-api-version") != API_VERSION:
        wrong.append("X-GitHub-Api-Version is not pinned")
    if not headers.get("user-agent"):
        wrong.append("no User-Agent")
    if has_body and not headers.get("content-type", "").startswith("application/json"):
        wrong.append("the body is not declared as JSON")
    return wrong


def _limited(fault: Fault, world: World) -> Answer:
    wait = {"Retry-After": str(fault.retry_after_seconds)}
    secondary = "You have exceeded a secondary rate limit. Please wait a few minutes before you try again."
    if fault.kind == "refused":
        return refusal(fault.status, fault.message)
    if fault.kind == "primary limit":
        gone = {"X-RateLimit-Remaining": "0", "X-RateLimit-Reset": str(world.resets_at)}
        return refusal(403, "API rate limit exceeded for installation ID 1.", **gone)
    if fault.kind == "secondary limit":
        return refusal(403, secondary, **wait)
    if fault.kind == "429":
        return refusal(429, secondary, **wait)
    return refusal(403, secondary)


def _cut(page: Page, request: Request, operation: Operation) -> Answer:
    """The page that was asked for, with Link addresses to its neighbours."""
    size = min(int(request.query.get("per_page", "30")), 100)
    number = int(request.query.get("page", "1"))
    last = max(1, -(-len(page.items) // size))
    items = page.items[(number - 1) * size : number * size]
    target = quote(operation.name.partition(" ")[2].format(**request.path))
    links = [
        f'<{request.address}{target}?{urlencode({**request.query, "page": to})}>; rel="{name}"'
        for name, to in {"prev": number - 1, "next": number + 1, "last": last}.items()
        if 1 <= to <= last and to != number
    ]
    headers = {"Link": ", ".join(links)} if links else {}
    body = items if page.key is None else {"total_count": len(page.items), page.key: items}
    return Answer(body=body, headers=headers)


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    stand_in: StandIn

    def log_message(self, format: str, *args: object) -> None:
        """Calls are kept in the world instead."""

    def _serve(self) -> None:
        raw = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        headers = {name.lower(): value for name, value in self.headers.items()}
        git = serve_git(self.stand_in.world, self.command, self.path, headers, raw)
        if git is not None:
            self._send_raw(git.status, git.headers, git.body)
            return
        target = (
            self.path.removeprefix(PREFIX) if self.path.startswith(PREFIX) else "/outside-the-base-address"
        )
        calls = self.stand_in.world.calls
        try:
            answer = self.stand_in.answer(self.command, target, headers, raw)
        except Dropped:
            calls.append(Call(verb=self.command, target=target, status=None))
            self.close_connection = True
            return
        calls.append(Call(verb=self.command, target=target, status=answer.status))
        self._send(answer)

    def _send(self, answer: Answer) -> None:
        body = b"" if answer.body is None else json.dumps(answer.body).encode()
        if isinstance(answer.body, str):
            body = answer.body.encode()
        self.send_response(answer.status)
        given = {**self.stand_in.limit_headers(), "Content-Type": "application/json; charset=utf-8"}
        for name, value in (given | answer.headers).items():
            self.send_header(name, value)
        if answer.status != 204:
            self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        try:
            self.wfile.write(body)
        except ConnectionError:  # the client that was too slow for has hung up
            self.close_connection = True

    def _send_raw(self, status: int, headers: list[tuple[str, str]], body: bytes) -> None:
        self.send_response(status)
        for name, value in [*headers, ("Content-Length", str(len(body)))]:
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)

    do_GET = do_POST = do_PATCH = do_PUT = do_DELETE = _serve  # noqa: N815 - the server's own names


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    block_on_close = False


@contextmanager
def serve(world: World, *, counted: bool = True) -> Iterator[StandIn]:
    """The stand-in while it listens; `address` is what GITHUB_API_URL would say.

    Not `counted`: tests of the stand-in itself, which violate the contract on purpose.
    """
    if counted:
        SERVED.append(world)
    handler = type("Handler", (_Handler,), {})
    server = _Server(("127.0.0.1", 0), handler)
    stand_in = StandIn(world, f"http://127.0.0.1:{server.server_address[1]}{PREFIX}")
    handler.stand_in = stand_in  # type: ignore[attr-defined]
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
    thread.start()
    try:
        yield stand_in
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
