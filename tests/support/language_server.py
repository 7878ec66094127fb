"""The real yaml-language-server, spoken to over standard input and output as an editor does."""

from __future__ import annotations

import json
import shutil
import subprocess
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

PACKAGE = "yaml-language-server@1.19.2"


class NotInstalled(Exception):
    """npm is missing, or it could not fetch the package."""


def install(folder: Path) -> Path:
    """The server's program, installed into `folder` with npm unless it is there."""
    program = folder / "node_modules" / "yaml-language-server" / "bin" / "yaml-language-server"
    if program.is_file():
        return program
    npm = shutil.which("npm")
    if npm is None:
        raise NotInstalled("npm is missing: install Node.js")
    words = [npm, "install", "--no-audit", "--no-fund", "--ignore-scripts", "--prefix", str(folder), PACKAGE]
    try:
        done = subprocess.run(words, capture_output=True, text=True, timeout=120, check=False)
    except subprocess.TimeoutExpired:
        raise NotInstalled("npm took longer than 120 s") from None
    if done.returncode != 0 or not program.is_file():
        raise NotInstalled(done.stderr[-500:])
    return program


class Editor:
    """One editor with one open file at a time."""

    def __init__(self, process: subprocess.Popen[bytes], settings: dict[str, Any]) -> None:
        self._process = process
        self._settings = settings
        self._requests = 0
        self.request("initialize", {"processId": None, "rootUri": None, "capabilities": CAPABILITIES})
        self._send({"method": "initialized", "params": {}})
        self._send({"method": "workspace/didChangeConfiguration", "params": {"settings": settings}})

    def open(self, uri: str, text: str) -> list[dict[str, Any]]:
        """Open a file; the diagnostics that the server publishes about it."""
        document = {"uri": uri, "languageId": "yaml", "version": 1, "text": text}
        self._send({"method": "textDocument/didOpen", "params": {"textDocument": document}})
        published = self._await(
            lambda message: (
                message.get("method") == "textDocument/publishDiagnostics" and message["params"]["uri"] == uri
            )
        )
        diagnostics: list[dict[str, Any]] = published["params"]["diagnostics"]
        return diagnostics

    def at(self, method: str, uri: str, line: int, character: int) -> Any:
        """Ask about a place, both 0-based."""
        place = {"line": line, "character": character}
        return self.request(f"textDocument/{method}", {"textDocument": {"uri": uri}, "position": place})

    def request(self, method: str, params: dict[str, Any]) -> Any:
        self._requests += 1
        identifier = self._requests
        self._send({"id": identifier, "method": method, "params": params})
        return self._await(lambda message: message.get("id") == identifier and "method" not in message)[
            "result"
        ]

    def _await(self, wanted: Callable[[dict[str, Any]], bool]) -> dict[str, Any]:
        while True:
            message = self._receive()
            if "method" in message and "id" in message:
                self._answer(message)
            elif wanted(message):
                return message

    def _answer(self, message: dict[str, Any]) -> None:
        result = None
        if message["method"] == "workspace/configuration":
            result = [self._settings.get(item.get("section")) for item in message["params"]["items"]]
        self._send({"id": message["id"], "result": result})

    def _send(self, message: dict[str, Any]) -> None:
        body = json.dumps({"jsonrpc": "2.0", **message}).encode()
        assert self._process.stdin is not None
        self._process.stdin.write(b"Content-Length: %d\r\n\r\n%s" % (len(body), body))
        self._process.stdin.flush()

    def _receive(self) -> dict[str, Any]:
        assert self._process.stdout is not None
        length = 0
        while header := self._process.stdout.readline().strip():
            name, _, value = header.partition(b": ")
            length = int(value) if name == b"Content-Length" else length
        assert length, "the server has ended"
        message: dict[str, Any] = json.loads(self._process.stdout.read(length))
        return message


CAPABILITIES = {
    "textDocument": {
        "hover": {"contentFormat": ["markdown"]},
        "completion": {"completionItem": {"documentationFormat": ["markdown"]}},
    },
    "workspace": {"configuration": True},
}


@contextmanager
def editor(program: Path, schemas: dict[str, str]) -> Iterator[Editor]:
    """An editor whose files are held against `schemas`: URI of a schema → glob of files."""
    words = [shutil.which("node") or "node", str(program), "--stdio"]
    settings = {
        "yaml": {
            "schemas": schemas,
            "validate": True,
            "hover": True,
            "completion": True,
            "schemaStore": {"enable": False},
        }
    }
    with subprocess.Popen(
        words, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL
    ) as process:
        try:
            yield Editor(process, settings)
        finally:
            process.kill()
