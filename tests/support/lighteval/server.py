"""A server that speaks /v1/chat/completions on this machine, right about part of the questions."""

from __future__ import annotations

import json
import re
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

RIGHT = {"good": 22, "weak": 6, "silent": 0}
"""Model → how many of the first questions it answers right."""


@dataclass(kw_only=True)
class Talk:
    """What was asked, and how the server behaves."""

    base_url: str = ""
    asked: list[dict[str, Any]] = field(default_factory=list)
    keys: set[str | None] = field(default_factory=set)
    faults: list[int | dict[str, Any]] = field(default_factory=list)
    """What the next requests get: a status code, or a document with status 200."""
    dies_after: int | None = None
    """So many answers, and every connection after them is cut."""
    answers: int = 0
    lock: threading.Lock = field(default_factory=threading.Lock)

    def answer(self, body: dict[str, Any]) -> str | None:
        """The text of an answer; None where the model has none."""
        number = int(re.findall(r"\w+ (\d+) \+", body["messages"][-1]["content"])[-1])
        if body["model"] == "silent":
            return None
        return f"{number}\nand so on" if number < RIGHT[body["model"]] else "I do not know"


@contextmanager
def serving(**behaviour: Any) -> Iterator[Talk]:
    """The server, until the block ends."""
    talk = Talk(**behaviour)

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self) -> None:
            body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            with talk.lock:
                talk.asked.append({"path": self.path, **body})
                talk.keys.add(self.headers.get("Authorization"))
                dead = talk.dies_after is not None and talk.answers >= talk.dies_after
                fault = talk.faults.pop(0) if talk.faults and not dead else None
                talk.answers += not dead and fault is None
            if dead:
                self.close_connection = True
                self.connection.close()
            elif isinstance(fault, dict):
                self.reply(200, fault)
            elif fault is not None:
                self.reply(fault, {"error": {"message": f"fault {fault}"}})
            else:
                message = {"role": "assistant", "content": talk.answer(body)}
                self.reply(200, {"choices": [{"index": 0, "message": message}]})

        def reply(self, status: int, document: Any) -> None:
            content = json.dumps(document).encode()
            self.send_response(status)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        def log_message(self, *_: Any) -> None:
            pass

    class Server(ThreadingHTTPServer):
        daemon_threads = True

        def handle_error(self, *_: Any) -> None:
            """A connection that was cut on purpose."""

    with Server(("127.0.0.1", 0), Handler) as server:
        talk.base_url = f"http://127.0.0.1:{server.server_address[1]}/v1"
        threading.Thread(target=server.serve_forever, daemon=True).start()
        try:
            yield talk
        finally:
            server.shutdown()
