"""A secret leaves an arm nowhere, however it is spelled and wherever a line breaks."""

from __future__ import annotations

import base64
import bz2
import gzip
import io
import json
import lzma
import threading
import zipfile
from collections.abc import Callable
from pathlib import Path
from urllib.parse import quote, quote_plus

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from remyx_action.errors import NotJudged
from remyx_action.runtimes import Outcome, OutputLine, Redacting, RunEvent, ScriptRuntime
from remyx_action.runtimes.redaction import RedactedStream, Redactor, redact_files, secrets_of
from support.arm_plans import arm_plan

SECRET = 'hf_Se/cret+é "quoted" 42'
SPELLINGS: dict[str, Callable[[str], str]] = {
    "as it is": lambda value: value,
    "in a sentence": lambda value: f"401 for Bearer {value}, sorry",
    "twice": lambda value: value + value,
    "in JSON": json.dumps,
    "in JSON, unescaped": lambda value: json.dumps(value, ensure_ascii=False),
    "in an address": lambda value: f"https://hub.invalid/?token={quote(value, safe='')}&x=1",
    "in a path": lambda value: f"https://hub.invalid/{quote(value)}",
    "in a form": lambda value: f"a=1&token={quote_plus(value)}",
    "in base64": lambda value: base64.b64encode(value.encode()).decode(),
    "in base64 for addresses": lambda value: base64.urlsafe_b64encode(value.encode()).decode(),
    "in base64 after one byte": lambda value: base64.b64encode(b":" + value.encode()).decode(),
    "in base64 after two bytes": lambda value: base64.b64encode(b"u:" + value.encode() + b"!").decode(),
    "in a header": lambda value: "Basic " + base64.b64encode(f"x-access-token:{value}".encode()).decode(),
    "over two lines": lambda value: f"{value[:9]}\n{value[9:]}",
    "over lines of one character": "\n".join,
    "over lines of Windows": lambda value: f"{value[:5]}\r\n{value[5:]}",
    "over a carriage return": lambda value: f"{value[:7]}\r{value[7:]}",
    "over an indented line": lambda value: f"{value[:7]}\n      {value[7:]}",
    "over a break in JSON": lambda value: json.dumps({"x": "\n".join([value[:4], value[4:]])}),
    "base64 in lines": lambda value: base64.encodebytes(value.encode() * 4).decode(),
}


def is_out(text: str) -> bool:
    """Whether nothing of the secret that is longer than four characters is left, in any spelling."""
    joined = text.replace("\\n", "").translate(dict.fromkeys(map(ord, "\r\n \t")))
    spelled = [SECRET, quote(SECRET, safe=""), quote_plus(SECRET), json.dumps(SECRET)[1:-1]]
    spelled += [base64.b64encode(b"x" * offset + SECRET.encode()).decode()[4:-4] for offset in range(3)]
    spelled = [one.replace(" ", "") for one in spelled]
    return not any(one[at : at + 9] in joined for one in spelled for at in range(len(one) - 9))


@pytest.mark.parametrize("spelled", SPELLINGS.values(), ids=SPELLINGS)
def test_every_spelling_is_cut_out_of_text_and_bytes(spelled: Callable[[str], str]) -> None:
    redactor, text = Redactor([SECRET]), f"before {spelled(SECRET)} after"
    assert not is_out(text)
    for clean in (redactor.text(text), redactor.data(text.encode()).decode()):
        assert is_out(clean)
        assert clean.startswith("before ")
        assert clean.endswith(" after")
        assert "***" in clean


@pytest.mark.parametrize("size", [1, 2, 7, 1000])
@pytest.mark.parametrize("spelled", SPELLINGS.values(), ids=SPELLINGS)
def test_a_stream_is_cut_wherever_its_pieces_end(spelled: Callable[[str], str], size: int) -> None:
    stream, data = RedactedStream(Redactor([SECRET])), f"before {spelled(SECRET)} after".encode()
    pieces = [stream.add(data[at : at + size]) for at in range(0, len(data), size)]
    clean = b"".join([*pieces, stream.finish()]).decode()
    assert is_out(clean)
    assert (clean[:7], clean[-6:]) == ("before ", " after")


@given(st.lists(st.text(max_size=20), max_size=10), st.integers(1, 5))
def test_what_holds_no_secret_passes_unchanged(parts: list[str], size: int) -> None:
    stream, data = RedactedStream(Redactor(["\ue000-nobody-writes-this"])), "".join(parts).encode()
    pieces = [stream.add(data[at : at + size]) for at in range(0, len(data), size)]
    assert data == b"".join([*pieces, stream.finish()])


def test_only_what_may_begin_a_secret_is_held_back() -> None:
    stream = RedactedStream(Redactor(["hf_0123456789"]))
    assert b"loaded\n" == stream.add(b"loaded\n")
    assert b"token: " == stream.add(b"token: hf_01")
    assert b"hf_01, nothing;" == stream.add(b", nothing;")


def test_each_line_of_a_key_is_a_secret() -> None:
    key = "-----BEGIN KEY-----\nMIIEvQIBADANBgkq\nshort\n-----END KEY-----"
    assert "a *** b" == Redactor([key]).text("a MIIEvQIBADANBgkq b")
    assert "a *** b" == Redactor([key]).text(f"a {key} b")
    assert "short" == Redactor([key]).text("short")


def test_a_secret_that_is_too_short_to_be_found_is_refused() -> None:
    with pytest.raises(NotJudged, match="PIN_KEY holds fewer than 8 characters"):
        secrets_of({"PIN_KEY": "1234567", "HF_TOKEN": "x" * 8}, ["PIN_KEY", "HF_TOKEN"])
    assert ("x" * 8,) == secrets_of(
        {"EMPTY_KEY": "", "HF_TOKEN": "x" * 8}, ["EMPTY_KEY", "HF_TOKEN", "UNSET"]
    )


def run(folder: Path, program: str) -> tuple[Outcome, list[RunEvent]]:
    """An arm whose environment holds the secret."""
    plan = arm_plan(folder, program)
    plan = replace(plan, environment={**plan.environment, "HF_TOKEN": SECRET}, secrets=(SECRET,))
    events: list[RunEvent] = []
    runtime = Redacting(ScriptRuntime())
    return runtime.carry_out(plan, on_event=events.append, stop=threading.Event()), events


PRINTED = """
import base64, os, sys
token = os.environ["HF_TOKEN"]
print("out:", token)
print("err:", token, file=sys.stderr, flush=True)
print(token[:10]); print(token[10:])
print(base64.b64encode(token.encode()).decode())
print("x" * 1990 + token)
sys.stdout.write(token[:7]); sys.stdout.flush(); sys.stdout.write(token[7:])
sys.stdout.flush(); print()
raise SystemExit(f"401 for {token}")
"""


def test_screen_log_and_error_hold_none(tmp_path: Path) -> None:
    outcome, events = run(tmp_path, PRINTED)
    log = (tmp_path / "variant" / "harness.log").read_text()
    lines = [event.text for event in events if isinstance(event, OutputLine)]
    for text in (
        log,
        "\n".join(lines),
        "\n".join(outcome.last_lines),
        outcome.what,
        str(events),
        str(outcome),
    ):
        assert is_out(text)
    assert ("failed", "exit code 1") == (outcome.state, outcome.what)
    assert "401 for ***" == outcome.last_lines[-1]
    assert log.startswith("out: ***\n")


def packed(content: bytes) -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("inner.txt", content)
    return file.getvalue()


def test_files_hold_none_before_they_are_read(tmp_path: Path) -> None:
    program = """
        import json, os, pathlib
        token = os.environ["HF_TOKEN"]
        out = pathlib.Path(os.environ["HERE"], "variant")
        rows = [{"id": "a", "score": 1, "input": token, "output": f"<{token}>"}]
        (out / "results.json").write_text(json.dumps({"rows": rows}))
        (out / "deep").mkdir()
        (out / "deep" / "rows.jsonl").write_text(json.dumps({"error": token}) + "\\n")
        (out / "scores.csv").write_text(f"id,note\\na,{token}\\n")
        (out / "plain.bin").write_bytes(b"\\xff\\x00" + token.encode() + b"\\x00")
        (out / "clean.txt").write_text("clean")
        os.symlink("/etc/hostname", out / "link")
    """
    outcome, _ = run(tmp_path, program)
    assert ("completed", True) == (outcome.state, outcome.is_redacted)
    out = tmp_path / "variant"
    files = {path.relative_to(out).as_posix(): path for path in out.rglob("*") if path.is_file()}
    assert all(is_out(path.read_bytes().decode("latin-1")) for path in files.values())
    assert {"rows": [{"id": "a", "score": 1, "input": "***", "output": "<***>"}]} == json.loads(
        files["results.json"].read_text()
    )
    assert b"\xff\x00***\x00" == files["plain.bin"].read_bytes()
    assert "clean" == files["clean.txt"].read_text()


@pytest.mark.parametrize("pack", [gzip.compress, bz2.compress, lzma.compress, packed])
def test_a_compressed_file_with_a_secret_is_emptied_and_fails_the_arm(
    tmp_path: Path, pack: Callable[[bytes], bytes]
) -> None:
    (tmp_path / "rows").write_bytes(pack(SECRET.encode()))
    (tmp_path / "others").write_bytes(pack(b"nothing of the kind"))
    files = redact_files(tmp_path, Redactor([SECRET]))
    assert "'rows' holds a secret in compressed form" == files.refused
    assert b"" == (tmp_path / "rows").read_bytes()
    assert pack(b"nothing of the kind") == (tmp_path / "others").read_bytes() or pack is packed


@pytest.mark.parametrize("make", [lambda path: path.touch(), lambda path: path.mkdir()])
def test_a_name_with_a_secret_fails_the_arm(tmp_path: Path, make: Callable[[Path], None]) -> None:
    make(tmp_path / f"log-{base64.urlsafe_b64encode(SECRET.encode()).decode()}.txt")
    files = redact_files(tmp_path, Redactor([SECRET]))
    assert "a file that it left has a secret in its name" == files.refused
    assert [] == list(tmp_path.iterdir())


@pytest.mark.parametrize(("name", "state"), [("hf_key_12", "failed"), ("hf_key_1", "completed")])
def test_an_arm_with_such_a_name_has_failed(tmp_path: Path, name: str, state: str) -> None:
    plan = arm_plan(tmp_path, f"open('variant/{name}', 'w').close()")
    plan = replace(plan, secrets=("hf_key_12",))
    outcome = Redacting(ScriptRuntime()).carry_out(plan, on_event=lambda _: None, stop=threading.Event())
    assert state == outcome.state
