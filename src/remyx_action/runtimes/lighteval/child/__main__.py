"""The program's start: makes its folder a package, wherever it lies, and runs it."""

from __future__ import annotations

import importlib.util
import os
import sys
from pathlib import Path

if not __package__:  # started as a folder, by a Python that has no remyx_action
    folder = Path(__file__).resolve().parent
    sys.dont_write_bytecode = True
    sys.path[:] = [entry for entry in sys.path if Path(entry or ".").resolve() != folder]
    spec = importlib.util.spec_from_file_location(
        "lighteval_child", folder / "__init__.py", submodule_search_locations=[str(folder)]
    )
    assert spec is not None
    assert spec.loader is not None
    package = importlib.util.module_from_spec(spec)
    sys.modules["lighteval_child"] = package
    spec.loader.exec_module(package)
    __package__ = "lighteval_child"  # PEP 366: so that relative imports work

from .program import main

if __name__ == "__main__":
    code = main(sys.argv[1:])
    if "vllm" in sys.modules:  # ends its own processes at exit
        raise SystemExit(code)
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(code)  # taking 6,000 modules apart would be a fifth of an arm's processor time
