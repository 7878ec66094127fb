"""What goes into a container and comes out of it, as archives: nothing but regular files, within caps."""

from __future__ import annotations

import io
import tarfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from remyx_action.runtimes.containers import files as container_files
from remyx_action.runtimes.containers.container import is_root, is_root_in
from remyx_action.runtimes.containers.files import TooMuchError, packed, unpacked
from remyx_action.runtimes.containers.stream import whole_lines
from remyx_action.runtimes.plan.container import Brought


def stream(*members: tarfile.TarInfo | tuple[str, bytes]) -> Iterator[bytes]:
    """As the engine sends it: the folder first, in chunks of odd sizes."""
    file = io.BytesIO()
    with tarfile.open(fileobj=file, mode="w") as tar:
        folder = tarfile.TarInfo("output")
        folder.type = tarfile.DIRTYPE
        tar.addfile(folder)
        for member in members:
            if isinstance(member, tuple):
                info = tarfile.TarInfo(f"output/{member[0]}")
                info.size = len(member[1])
                tar.addfile(info, io.BytesIO(member[1]))
            else:
                tar.addfile(member)
    data = file.getvalue()
    return (data[start : start + 777] for start in range(0, len(data), 777))


def odd(name: str, kind: bytes, target: str = "") -> tarfile.TarInfo:
    info = tarfile.TarInfo(f"output/{name}")
    info.type, info.linkname = kind, target
    return info


def test_files_arrive_byte_for_byte(tmp_path: Path) -> None:
    large = bytes(range(256)) * 9000
    assert [] == unpacked(stream(("a", b""), ("deep/b", large)), tmp_path)
    assert (b"", large) == ((tmp_path / "a").read_bytes(), (tmp_path / "deep" / "b").read_bytes())


@pytest.mark.parametrize(
    "member",
    [
        odd("link", tarfile.SYMTYPE, "/etc/passwd"),
        odd("hard", tarfile.LNKTYPE, "output/fine"),
        odd("pipe", tarfile.FIFOTYPE),
        odd("device", tarfile.CHRTYPE),
        ("../outside", b"x"),
        ("a/../../outside", b"x"),
        ("new\nline", b"x"),
        ("there", b"forged"),
        ("there/below", b"x"),
        ("name" * 100, b"x"),
    ],
)
def test_nothing_else_is_taken_out(member: tarfile.TarInfo | tuple[str, bytes], tmp_path: Path) -> None:
    into = tmp_path / "into"
    into.mkdir()
    (into / "there").write_bytes(b"ours")
    (said,) = unpacked(stream(("fine", b"fine"), member), into)
    assert said.endswith("was left in the container")
    assert {"fine": b"fine", "there": b"ours"} == {path.name: path.read_bytes() for path in into.iterdir()}
    assert [into] == list(tmp_path.iterdir())


def test_many_oddities_are_counted(tmp_path: Path) -> None:
    said = unpacked(stream(*(odd(f"{n}", tarfile.FIFOTYPE) for n in range(9))), tmp_path)
    assert (6, "4 more were left in the container") == (len(said), said[-1])


def test_too_many_and_too_large_are_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(container_files, "FILES_CAP", 2)
    with pytest.raises(TooMuchError, match="more than 2 files"):
        unpacked(stream(("a", b""), ("b", b""), ("c", b"")), tmp_path / "many")
    monkeypatch.setattr(container_files, "TOTAL_CAP_BYTES", 2 << 20)
    with pytest.raises(TooMuchError, match="more than 2 MiB"):
        unpacked(stream(("a", bytes(3 << 20))), tmp_path / "large")


def test_what_is_brought_is_to_read_and_has_no_links(tmp_path: Path) -> None:
    source = tmp_path / "source"
    (source / "package").mkdir(parents=True)
    (source / "package" / "run").write_text("x")
    (source / "package" / "run").chmod(0o700)
    (source / "secret").symlink_to("/etc/passwd")
    with (
        packed({"source": Brought(path=str(source))}, output="/remyx/output") as file,
        tarfile.open(fileobj=file) as tar,
    ):
        found = {member.name: (member.mode, member.uid, member.gid) for member in tar}
    assert {
        "output": (0o777, 0, 0),
        "source": (0o755, 0, 0),
        "source/package/run": (0o755, 0, 0),
    } == found


def test_lines_of_two_streams_are_never_mixed() -> None:
    frames = [(1, b"a"), (2, b"one\ntwo"), (1, b"b\nc"), (2, b" more\r50%"), (1, b"d"), (2, b"\r100%")]
    assert [b"one\n", b"ab\n", b"two more\r", b"50%\r", b"cd\n", b"100%\n"] == list(whole_lines(frames))
    assert [b"x" * 70_000, b"y\n"] == list(whole_lines([(1, b"x" * 70_000), (1, b"y")]))


@pytest.mark.parametrize(
    "user", ["", "0", "0:0", "root", "root:1000", "+0", "-0", "00", "0:65532", " 0 ", ":5"]
)
def test_root_by_another_spelling_is_root(user: str) -> None:
    assert is_root(user)


@pytest.mark.parametrize("user", ["65532:65532", "1000", "1000:0", "nobody", "rooted", "10", "0x1"])
def test_another_user_is_none(user: str) -> None:
    assert not is_root(user)


@pytest.mark.parametrize(
    ("passwd", "name", "is_root"),
    [
        ("root:x:0:0::/:/bin/sh\ntoor:x:0:0::/:/bin/sh", "toor", True),
        ("toor:x:00:5::/:/bin/sh", "toor", True),
        ("toor:x::5::/:/bin/sh", "toor", True),
        ("toor", "toor", True),
        ("1234:x:0:0::/:/bin/sh", "1234", True),
        ("app:x:1234:0::/:/bin/sh\napp:x:0:0::/:/bin/sh", "app", False),
        ("# app:x:0:0\napp:x:1234:0::/:/bin/sh", "app", False),
        ("other:x:0:0::/:/bin/sh", "app", False),
        ("", "1234", False),
    ],
)
def test_root_is_whom_the_first_entry_of_its_name_says(passwd: str, name: str, *, is_root: bool) -> None:
    assert is_root_in(passwd.encode(), name) is is_root
