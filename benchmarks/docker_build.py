"""Seconds that a Docker build of the same locked set takes, base image and wheels at hand.

For benchmarks/action.py. Where no registry is reached no base image can be pulled, so one is made of Debian's
Python packages, and an engine of its own is started and ended. Pulling and downloading, which a real build
does beside this, are left out: the figure is the least that an action costs that is built as an image.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

PACKAGES = (
    "python3.11-minimal", "libpython3.11-minimal", "libpython3.11-stdlib", "libc6", "libexpat1", "zlib1g",
    "libssl3", "libffi8", "libbz2-1.0", "liblzma5", "libsqlite3-0", "libcrypt1", "libuuid1", "libgcc-s1",
    "libstdc++6",
)  # fmt: skip
CLOSED = "http://127.0.0.1:9"
"""Where a pull goes, to fail at once."""
DOCKERFILE = """FROM small-python
COPY wheels /wheels
COPY requirements.txt /requirements.txt
RUN ["python3.11", "/wheels/pip.whl/pip", "install", "--no-index", "--find-links=/wheels", \
"--target=/program", "--no-cache-dir", "--require-hashes", "-r", "/requirements.txt"]
"""


def what_is_missing() -> str:
    """Why nothing can be measured here; "" where it can."""
    missing = [name for name in ("dockerd", "docker", "apt-get", "dpkg-deb") if shutil.which(name) is None]
    if os.geteuid() != 0:
        missing.append("the rights to start an engine")
    return ", ".join(missing)


def seconds_of_build(requirements: Path, pip: Path, scratch: Path, rounds: int) -> list[float]:
    """Each round builds anew, with no layer of the round before."""
    context = scratch / "context"
    wheels = context / "wheels"
    wheels.mkdir(parents=True)
    shutil.copy(requirements, context / "requirements.txt")
    download = [pip, "download", "--quiet", "--only-binary=:all:", "--dest", wheels]
    subprocess.run([*download, "--require-hashes", "-r", requirements], check=True, capture_output=True)
    subprocess.run([*download, "pip"], check=True, capture_output=True)
    next(wheels.glob("pip-*.whl")).rename(wheels / "pip.whl")
    (context / "Dockerfile").write_text(DOCKERFILE)
    times = []
    with engine(scratch) as docker:
        _import_base(docker, scratch)
        for _ in range(rounds):
            began = time.perf_counter()
            build = [*docker, "build", "--quiet", "--no-cache", "--network=none", "--force-rm", context]
            image = subprocess.run(build, check=True, capture_output=True, text=True, env=_surroundings())
            times.append(time.perf_counter() - began)
            subprocess.run([*docker, "rmi", "--force", image.stdout.strip()], check=True, capture_output=True)
    return times


def _surroundings() -> dict[str, str]:
    return {**os.environ, "DOCKER_BUILDKIT": "0"}  # the engine's own builder; the other is a plugin


@contextmanager
def engine(scratch: Path) -> Iterator[list[str]]:
    """The client's command for an engine that lives as long as the block."""
    socket = f"unix://{scratch / 'engine.sock'}"
    off = ("--bridge=none", "--iptables=false", "--ip6tables=false", "--ip-forward=false", "--ip-masq=false")
    folders = (
        f"--data-root={scratch / 'data'}",
        f"--exec-root={scratch / 'exec'}",
        f"--pidfile={scratch / 'pid'}",
    )
    environment = {**os.environ, "HTTP_PROXY": CLOSED, "HTTPS_PROXY": CLOSED}
    with (scratch / "engine.log").open("wb") as log:
        daemon = subprocess.Popen(
            ["dockerd", "--host", socket, *folders, *off], stdout=log, stderr=log, env=environment
        )
    docker = ["docker", "--host", socket]
    try:
        for _ in range(100):
            if subprocess.run([*docker, "version"], capture_output=True, check=False).returncode == 0:
                break
            time.sleep(0.1)
        yield docker
    finally:
        daemon.terminate()
        daemon.wait(timeout=30)


def _import_base(docker: list[str], scratch: Path) -> None:
    packages, root = scratch / "packages", scratch / "root"
    packages.mkdir()
    packages.chmod(0o777)  # apt downloads as a user of its own
    subprocess.run(["apt-get", "download", "-qq", *PACKAGES], cwd=packages, check=True, capture_output=True)
    for package in packages.glob("*.deb"):
        subprocess.run(["dpkg-deb", "--extract", package, root], check=True)
    (root / "tmp").mkdir()
    pack = ["tar", "--create", "--directory", root, "--file", scratch / "base.tar", "."]
    subprocess.run(pack, check=True)
    subprocess.run([*docker, "import", scratch / "base.tar", "small-python"], check=True, capture_output=True)
