"""inspect's `.eval` archive: the same log as its JSON, one entry per sample."""

from __future__ import annotations

import io
import json
import zipfile
import zlib
from typing import Any

from remyx_action.project.files.json_text import Fault, NotStrictJson
from remyx_action.readers.arm_files import CAP_BYTES, broken
from remyx_action.readers.loose_json import read_loosely

ENDING = ".eval"
MOST_ENTRIES = 1_000_000
CONVERT = "`inspect log convert --to json` writes the same log as JSON"


def document_of(file: str, content: bytes) -> Any:
    """The log of an archive, its samples in the order of their entries. Raises BrokenResults."""
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            entries = archive.infolist()
            if sum(entry.file_size for entry in entries) > CAP_BYTES or len(entries) > MOST_ENTRIES:
                raise broken(file, Fault(code="too-large", message="unpacks to too much", help=CONVERT))
            header = read_loosely(_read(archive, "header.json"))
            names = [one.filename for one in entries if one.filename.startswith("samples/")]
            samples = [read_loosely(_read(archive, name)) for name in names]
    except NotStrictJson as error:
        raise broken(file, *error.faults) from None
    except (zipfile.BadZipFile, KeyError, NotImplementedError, RuntimeError, EOFError, zlib.error) as error:
        message = f"is not an archive of inspect's: {json.dumps(str(error)[:80])}"
        raise broken(file, Fault(code="not-an-archive", message=message, help=CONVERT)) from None
    if type(header) is not dict:
        raise broken(file, Fault(code="wrong-shape", message="has no object as its header", help=CONVERT))
    return {**header, "samples": samples}


def _read(archive: zipfile.ZipFile, name: str) -> bytes:
    """One entry, never more than it says it has."""
    with archive.open(name) as entry:
        return entry.read(archive.getinfo(name).file_size)
