"""An archive between two jobs holds regular files of its own folder, once each, and nothing else."""

import io
import os
import tarfile
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest

from remyx_action.errors import NotJudged
from remyx_action.project.files.layout import RESULTS_CAP_BYTES
from remyx_action.sources.disk import archive as module
from remyx_action.sources.disk.archive import pack, unpack


def tar_of(path: Path, *members: tuple[tarfile.TarInfo, bytes]) -> Path:
    with tarfile.open(path, "w") as tar:
        for info, content in members:
            if info.isreg():
                info.size = len(content)
            tar.addfile(info, io.BytesIO(content))
    return path


def named(name: str, kind: bytes = tarfile.REGTYPE, target: str = "") -> tarfile.TarInfo:
    info = tarfile.TarInfo(name)
    info.type, info.linkname = kind, target
    return info


def content_of(folder: Path) -> dict[str, bytes]:
    return {
        path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()
    }


def test_what_is_packed_comes_out_again(tmp_path: Path) -> None:
    folder = tmp_path / "out"
    (folder / "arms" / "variant").mkdir(parents=True)
    (folder / "run.json").write_text("{}")
    (folder / "arms" / "variant" / "results|:1.json").write_text("[]")
    (folder / "arms" / "link").symlink_to("/etc/passwd")
    (folder / ".gitignore").write_text("*")
    os.mkfifo(folder / "arms" / "pipe")
    assert () == pack(folder, folder / "results.tar")
    assert () == pack(folder, folder / "results.tar")  # not into itself
    into = unpack(folder / "results.tar", tmp_path / "into")
    assert {"run.json": b"{}", "arms/variant/results|:1.json": b"[]"} == content_of(into)


def test_a_folder_that_holds_one_archive_is_taken_for_it(tmp_path: Path) -> None:
    folder = tmp_path / "download"
    folder.mkdir()
    tar_of(folder / "results.tar", (named("run.json"), b"{}"))
    assert {"run.json": b"{}"} == content_of(unpack(folder, tmp_path / "into"))


def test_a_zip_is_read_too(tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "results.zip", "w") as zipped:
        zipped.writestr("arms/baseline/results.json", "[]")
    assert {"arms/baseline/results.json": b"[]"} == content_of(
        unpack(tmp_path / "results.zip", tmp_path / "into")
    )


HOSTILE: dict[str, list[tuple[tarfile.TarInfo, bytes]]] = {
    "an absolute path": [(named("/tmp/evil"), b"")],
    "a way out": [(named("a/../../evil"), b"")],
    "a backslash": [(named("..\\evil"), b"")],
    "a symbolic link": [(named("a", tarfile.SYMTYPE, "/etc"), b"")],
    "a hard link": [(named("a", tarfile.LNKTYPE, "run.json"), b"")],
    "a device": [(named("a", tarfile.CHRTYPE), b"")],
    "a pipe": [(named("a", tarfile.FIFOTYPE), b"")],
    "a name twice": [(named("a"), b"1"), (named("a"), b"2")],
    "a name twice by case": [(named("a"), b"1"), (named("A"), b"2")],
    "a name twice by Unicode form": [(named("\u00e9"), b"1"), (named("e\u0301"), b"2")],
    "a name twice by a dot": [(named("a"), b"1"), (named("./a"), b"2")],
    "a line break in a name": [(named("a\n::error::b"), b"")],
    "a direction override in a name": [(named("a\u202egpj.b"), b"")],
    "a file inside a file": [(named("a"), b"1"), (named("a/b"), b"2")],
    "too deep a path": [(named("/".join("abcdefghijklmnopqrstuvwxyz")), b"")],
    "too long a name": [(named("/".join(["a" * 200] * 6)), b"")],
    "too many files": [(named(f"f{i}"), b"") for i in range(module.FILES_CAP + 1)],
}


@pytest.mark.parametrize("what", HOSTILE)
def test_nothing_hostile_is_unpacked(tmp_path: Path, what: str) -> None:
    archive = tar_of(tmp_path / "results.tar", *HOSTILE[what])
    with pytest.raises(NotJudged) as refused:
        unpack(archive, tmp_path / "a" / "into")
    assert refused.value.message.isprintable()
    assert {"results.tar", "a"} >= {path.name for path in tmp_path.iterdir()}


def lying_size(path: Path) -> None:
    """A zip whose directory says 10 bytes of a member that unpacks to a mebibyte."""
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as zipped:
        zipped.writestr("run.json", b"0" * (1 << 20))
    raw = path.read_bytes()
    path.write_bytes(raw.replace((1 << 20).to_bytes(4, "little"), (10).to_bytes(4, "little")))


def linked_in_zip(path: Path) -> None:
    info = zipfile.ZipInfo("a")
    info.external_attr = 0o120777 << 16
    with zipfile.ZipFile(path, "w") as zipped:
        zipped.writestr(info, "/etc/passwd")


def compressed(path: Path) -> None:
    with tarfile.open(path, "w:gz") as tar:
        tar.addfile(named("run.json"))


def noise(path: Path) -> None:
    path.write_bytes(b"PK\x03\x04" + bytes(range(256)) * 10)


def damaged(method: int) -> Callable[[Path], None]:
    """A zip whose one member is compressed in a way, and damaged."""

    def make(path: Path) -> None:
        with zipfile.ZipFile(path, "w", method) as zipped:
            zipped.writestr("run.json", bytes(range(256)) * 100)
        raw = bytearray(path.read_bytes())
        start = raw.find(b"run.json") + 28
        raw[start : start + 60] = bytes(byte ^ 0xFF for byte in raw[start : start + 60])
        path.write_bytes(bytes(raw))

    return make


def unknown_method(path: Path) -> None:
    with zipfile.ZipFile(path, "w") as zipped:
        zipped.writestr("run.json", "{}")
    raw = bytearray(path.read_bytes())
    raw[8:10] = (97).to_bytes(2, "little")
    place = raw.find(b"PK\x01\x02") + 10
    raw[place : place + 2] = (97).to_bytes(2, "little")
    path.write_bytes(bytes(raw))


def no_number(path: Path) -> None:
    info = named("run.json").tobuf()
    path.write_bytes(info[:124] + b"zzzzzzzzzzz\0" + info[136:])


BROKEN: dict[str, Callable[[Path], None]] = {
    "another size": lying_size,
    "a link": linked_in_zip,
    "a compressed tar": compressed,
    "noise": noise,
    "DEFLATE": damaged(zipfile.ZIP_DEFLATED),
    "BZIP2": damaged(zipfile.ZIP_BZIP2),
    "LZMA": damaged(zipfile.ZIP_LZMA),
    "unknown method": unknown_method,
    "no number": no_number,
}


@pytest.mark.parametrize("make", BROKEN.values(), ids=BROKEN)
def test_a_broken_archive_is_refused_in_words(tmp_path: Path, make: Callable[[Path], None]) -> None:
    make(tmp_path / "results.zip")
    with pytest.raises(NotJudged):
        unpack(tmp_path / "results.zip", tmp_path / "into")


def test_nothing_there_is_reported(tmp_path: Path) -> None:
    with pytest.raises(NotJudged, match="there are no results"):
        unpack(tmp_path / "results.tar", tmp_path / "into")


def test_a_file_beyond_the_cap_is_refused_before_it_is_written(tmp_path: Path) -> None:
    info = named("arms/variant/results.json")
    info.size = RESULTS_CAP_BYTES + 1
    (tmp_path / "results.tar").write_bytes(info.tobuf() + b"\0" * 1024)
    with pytest.raises(NotJudged, match="too large"):
        unpack(tmp_path / "results.tar", tmp_path / "into")
    assert not (tmp_path / "into").exists()


def test_predictions_stay_where_they_were_scored(tmp_path: Path) -> None:
    """However many there are, and whatever they are called: nobody judges by them."""
    folder = tmp_path / "out"
    names = [f"arms/variant/predictions/{n}" for n in range(3)] + ["arms/variant/seed-1/predictions/a"]
    kept = ["arms/variant/results.json", "arms/variant/other/predictions/b", "predictions/c"]
    for name in [*names, *kept]:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text("x")
    assert () == pack(folder, tmp_path / "arms.tar")
    with tarfile.open(tmp_path / "arms.tar") as tar:
        assert sorted(kept) == sorted(tar.getnames())
