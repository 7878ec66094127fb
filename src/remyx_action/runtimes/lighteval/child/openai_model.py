"""The backend `openai`: any server with /chat/completions, over plain HTTP; no failure becomes an answer.

lighteval's own clients answer an empty text where a server is gone, which is then scored 0. Here a
request that fails for good ends the arm.
"""

from __future__ import annotations

import http.client
import json
import socket
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from .specification import LostError, ModelSpecification, RefusedError

ATTEMPTS = 5
FIRST_WAIT_SECONDS = 0.5
LONGEST_WAIT_SECONDS = 30.0
WORTH_ANOTHER_TRY = frozenset({408, 409, 425, 429, 500, 502, 503, 504, 529})
ANSWER_CAP_BYTES = 16 * 1024 * 1024
_BLOCK_BYTES = 64 * 1024
MOST_STOPS = 4
"""Of OpenAI's own servers; others are cut here."""

ONLY_GENERATIVE = (
    "the backend openai runs generative tasks only, and {tasks} asks for log-likelihoods, which chat servers "
    "do not give; use the backend accelerate or vllm, or a task whose metrics look at the generated text"
)


class _FailedInsideError(Exception):
    """An answer with status 200 that says that there is none."""


class _RefusedAnswerError(Exception):
    """An answer with another status than 200, in words."""

    def __init__(self, error: urllib.error.HTTPError) -> None:
        body = ""
        with error, suppress(OSError, http.client.HTTPException):  # cut off in the middle: the status stays
            body = error.read(2000).decode("utf-8", "replace")
        super().__init__(f"{error.code} {error.reason}: {body}")
        self.code = error.code
        self.wait_seconds = _asked_to_wait(error.headers.get("Retry-After"))


class _Connections:
    """The connections that a handler opens, so that one that answers too slowly can be cut."""

    def __init__(self) -> None:
        super().__init__()
        self.opened: list[http.client.HTTPConnection] = []

    def do_open(self, http_class: Any, req: Any, **given: Any) -> Any:
        """As urllib's handlers, which call it for each request."""

        def remembered(*words: Any, **options: Any) -> Any:
            self.opened.append(http_class(*words, **options))
            return self.opened[-1]

        return super().do_open(remembered, req, **given)  # type: ignore[misc]

    def cut(self) -> None:
        """End what is still waited for; whoever waits gets an error."""
        for connection in self.opened:
            with suppress(OSError, AttributeError):
                connection.sock.shutdown(socket.SHUT_RDWR)


class _Http(_Connections, urllib.request.HTTPHandler): ...


class _Https(_Connections, urllib.request.HTTPSHandler): ...


class _NoRedirect(urllib.request.HTTPRedirectHandler):
    """A redirect would carry the key to another host."""

    def redirect_request(self, *_: Any, **__: Any) -> None:
        return None


@dataclass(frozen=True, kw_only=True)
class Server:
    """Where requests go."""

    url: str
    key: str | None
    timeout_seconds: float
    first_wait_seconds: float = FIRST_WAIT_SECONDS

    @classmethod
    def of(cls, model: ModelSpecification, *, key: str | None) -> Server:
        """The server of a model. Raises RefusedError where its address is none."""
        url = f"{(model.base_url or '').rstrip('/')}/chat/completions"
        if not url.startswith(("http://", "https://")):
            raise RefusedError(f"the base_url {model.base_url} starts with neither http:// nor https://")
        return cls(url=url, key=key, timeout_seconds=model.timeout)

    def answer(self, body: dict[str, Any]) -> str:
        """The text of the first choice. Raises LostError after the last attempt, RefusedError at once."""
        for attempt in range(ATTEMPTS):
            try:
                return _text_of(self._post(body))
            except _RefusedAnswerError as error:
                what, wait = str(error), error.wait_seconds
                if error.code not in WORTH_ANOTHER_TRY:
                    raise RefusedError(f"{self.url} refused a request: {what}") from error
            except _FailedInsideError as error:
                what, wait = f"an error in its answer: {error}", None
            except (OSError, http.client.HTTPException) as error:
                what, wait = f"{type(error).__name__}: {error}", None
            if attempt + 1 < ATTEMPTS:
                growing = self.first_wait_seconds * 2**attempt
                time.sleep(min(wait if wait is not None else growing, LONGEST_WAIT_SECONDS))
        raise LostError(f"{self.url} did not answer in {ATTEMPTS} attempts, so nothing is scored: {what}")

    def _post(self, body: dict[str, Any]) -> Any:
        headers = {"Content-Type": "application/json", "User-Agent": "remyx-action"}
        if self.key:
            headers["Authorization"] = f"Bearer {self.key}"
        request = urllib.request.Request(  # noqa: S310 - http and https only, checked in `of`
            self.url, data=json.dumps(body).encode(), headers=headers, method="POST"
        )
        handlers = (_Http(), _Https())
        opener = urllib.request.build_opener(_NoRedirect, *handlers)
        deadline = time.monotonic() + self.timeout_seconds
        watch = threading.Timer(self.timeout_seconds, lambda: [handler.cut() for handler in handlers])
        watch.daemon = True
        watch.start()
        try:
            with opener.open(request, timeout=self.timeout_seconds) as response:
                read = self._read(response, deadline)
        except urllib.error.HTTPError as error:
            raise _RefusedAnswerError(error) from error  # its text is read while the watch is on
        finally:
            watch.cancel()
        try:
            return json.loads(read)
        except (ValueError, RecursionError) as error:
            raise RefusedError(f"{self.url} answered what is not JSON: {read[:200]!r}") from error

    def _read(self, response: http.client.HTTPResponse, deadline: float) -> bytes:
        """The whole body. Raises IncompleteRead where it is cut, TimeoutError after the deadline."""
        read = b""
        while block := response.read1(_BLOCK_BYTES):
            read += block
            if len(read) > ANSWER_CAP_BYTES:
                raise RefusedError(f"{self.url} answered more than 16 MiB")
            if time.monotonic() > deadline:
                raise TimeoutError(f"it was still answering after {self.timeout_seconds:g} s")
        if response.length or not read:  # a head that was cut looks like an empty body
            raise http.client.IncompleteRead(read, response.length or None)
        return read


def _asked_to_wait(header: str | None) -> float | None:
    """Seconds of a Retry-After header; None where it names a date or nothing."""
    return float(header) if header and header.isdecimal() else None


def _text_of(answer: Any) -> str:
    """The answer's text; an answer without one (null) is empty, one without a choice is refused.

    Raises _FailedInsideError where it tells of an error: its empty text is not the model's.
    """
    _check_for_error(answer)
    try:
        choice = answer["choices"][0]
        _check_for_error(choice)
        message = choice["message"]
        content = message["content"] if "content" in message else message["refusal"]
    except (KeyError, IndexError, TypeError) as error:
        raise RefusedError(f"the server's answer holds no choice: {json.dumps(answer)[:500]}") from error
    if content is None:
        return ""
    if not isinstance(content, str):
        raise RefusedError(f"the server's answer is not a text: {json.dumps(content)[:200]}")
    return content


def _check_for_error(part: Any) -> None:
    """Raises _FailedInsideError where an answer, or a choice of it, is an error's."""
    if isinstance(part, dict) and (part.get("error") is not None or part.get("finish_reason") == "error"):
        raise _FailedInsideError(json.dumps(part.get("error"))[:500])


def request_of(model: ModelSpecification, doc: Any, messages: Sequence[Any], *, seed: int) -> dict[str, Any]:
    """The body of a document's request."""
    given = {name: value for name, value in model.generation.items() if value is not None}
    body: dict[str, Any] = {
        "model": model.name,
        "messages": list(messages),
        "temperature": given.get("temperature", 0),
        "seed": given.get("seed", seed),
        "stream": False,
    }
    for name in ("top_p", "top_k", "repetition_penalty"):
        if name in given:
            body[name] = given[name]
    if doc.generation_size:
        body["max_tokens"] = doc.generation_size
    if doc.stop_sequences:
        body["stop"] = list(doc.stop_sequences)[:MOST_STOPS]
    return body


def cut(text: str, stops: Sequence[str]) -> str:
    """The text before the first of the stop sequences."""
    for stop in stops:
        text = text.partition(stop)[0] if stop else text
    return text


def openai_model(config: Any, model: ModelSpecification, server: Server) -> Any:
    """An instance of lighteval's model interface, whose base class is there only in its environment."""
    from lighteval.models.abstract_model import LightevalModel

    class OpenAIModel(_Asking, LightevalModel):  # type: ignore[misc,unused-ignore]
        tokenizer = None
        add_special_tokens = False
        max_length = None

    return OpenAIModel(config, model, server)


class _Asking:
    """What lighteval asks of a model, answered by a server."""

    use_chat_template = True
    on_done: Callable[[int], None] = staticmethod(lambda _: None)
    """Called with a number of documents."""

    def __init__(self, config: Any, model: ModelSpecification, server: Server) -> None:
        from lighteval.tasks.prompt_manager import PromptManager

        self.config = config
        self._model = model
        self._server = server
        self._prompts = PromptManager(use_chat_template=True, tokenizer=None, system_prompt=None)
        self._cache = None

    def greedy_until(self, docs: Sequence[Any]) -> list[Any]:
        """One response a document, in order; the first failure ends all of them."""
        with ThreadPoolExecutor(max_workers=max(1, self._model.concurrency)) as pool:
            futures = [pool.submit(self._answer, doc) for doc in docs]
            try:
                return [self._told(future.result()) for future in futures]
            except BaseException:
                pool.shutdown(wait=False, cancel_futures=True)
                raise

    def _told(self, response: Any) -> Any:
        self.on_done(1)
        return response

    def _answer(self, doc: Any) -> Any:
        from lighteval.models.model_output import ModelResponse

        messages = self._prompts.prepare_prompt_api(doc)
        first = request_of(self._model, doc, messages, seed=self.config.generation_parameters.seed)
        bodies = [first | {"seed": first["seed"] + number} for number in range(doc.num_samples)]
        texts = [cut(self._server.answer(body), doc.stop_sequences) for body in bodies]
        return ModelResponse(input=messages, text=texts)

    def loglikelihood(self, docs: Sequence[Any]) -> list[Any]:
        """Refused: chat servers do not give log-likelihoods of an answer that is put to them."""
        tasks = ", ".join(sorted({doc.task_name.split("|")[0] for doc in docs}))
        raise RefusedError(ONLY_GENERATIVE.format(tasks=tasks))

    loglikelihood_rolling = loglikelihood
