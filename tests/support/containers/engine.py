"""A container engine of the suite's own, and a small base image made of Debian's packages.

No registry is asked: what a base image would be pulled from may not be reached.
"""

from __future__ import annotations

import fcntl
import os
import shutil
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from support.containers.bridge import own_bridge

ROOT = Path(__file__).parents[3]
BASE = "small-python"
PACKAGES = (
    "python3.11-minimal", "libpython3.11-minimal", "libpython3.11-stdlib", "python3-yaml", "libyaml-0-2",
    "libc6", "libexpat1", "zlib1g", "libssl3", "libffi8", "libbz2-1.0", "liblzma5", "libsqlite3-0",
    "libcrypt1", "libuuid1", "libgcc-s1", "libstdc++6", "busybox-static",
)  # fmt: skip
PROGRAMS = ("dockerd", "docker", "docker-init", "apt-get", "dpkg-deb")
CLOSED = "http://127.0.0.1:9"
"""Where a pull goes, to fail at once."""
WITHOUT_ROUTES = ("--iptables=false", "--ip6tables=false", "--ip-forward=false", "--ip-masq=false")
PATH = f"{os.environ.get('PATH', os.defpath)}:/usr/sbin:/sbin"
"""Debian keeps dockerd and runc where the PATH of a person may not lead."""
HELP = "`apt-get install docker.io tini`, as root on Debian 12, gets what is missing"


def what_is_missing() -> str:
    """Why no engine can be started here; "" where one can."""
    missing = [name for name in PROGRAMS if not shutil.which(name, path=PATH)]
    if os.geteuid() != 0:
        missing.append("the rights of root")
    return ", ".join(missing)


class RunningEngine:
    """dockerd, with all of its state in one folder."""

    def __init__(self, folder: Path, *, bridge: str) -> None:
        self.folder = folder
        self.address = f"unix://{folder / 'engine.sock'}"
        self._options = [*WITHOUT_ROUTES, f"--bridge={bridge}"]
        self.process = self.start()

    def start(self) -> subprocess.Popen[bytes]:
        """Once more, after it was killed; its containerd, which died with it, counts until it is reaped."""
        keeper = self.folder / "exec" / "containerd" / "containerd.pid"
        while keeper.exists() and Path("/proc", keeper.read_text().strip()).exists():
            time.sleep(0.05)
        folders = [f"--{name}-root={self.folder / name}" for name in ("data", "exec")]
        environment = {**os.environ, "PATH": PATH, "HTTP_PROXY": CLOSED, "HTTPS_PROXY": CLOSED}
        (self.folder / "pid").unlink(missing_ok=True)
        with (self.folder / "engine.log").open("ab") as log:
            self.process = subprocess.Popen(
                [
                    str(shutil.which("dockerd", path=PATH)),
                    "--host",
                    self.address,
                    *folders,
                    f"--pidfile={self.folder / 'pid'}",
                    *self._options,
                ],
                stdout=log,
                stderr=log,
                env=environment,
            )
        for _ in range(3_000):
            if self.process.poll() is not None:
                break
            if subprocess.run(self.command("version"), capture_output=True, check=False).returncode == 0:
                return self.process
            time.sleep(0.1)
        raise AssertionError((self.folder / "engine.log").read_text()[-2000:])

    def command(self, *words: str) -> list[str]:
        """The engine's own client, as a person would call it."""
        return ["docker", "--host", self.address, *words]

    def ask(self, *words: str) -> str:
        """What the client prints."""
        done = subprocess.run(self.command(*words), capture_output=True, check=True, text=True)
        return done.stdout.strip()

    def kill(self) -> None:
        """As a machine's memory watch would; containers and their keeper go on."""
        self.process.kill()
        self.process.wait(timeout=60)

    def end(self) -> None:
        self.process.terminate()
        self.process.wait(timeout=60)
        release = ["umount", "--lazy", str(self.folder / "data")]  # one that was killed mounted it twice
        while subprocess.run(release, capture_output=True, check=False).returncode == 0:
            pass


@contextmanager
def running_engine() -> Iterator[RunningEngine]:
    """An engine that lives as long as the block, with the base image in it."""
    folder = Path(tempfile.mkdtemp(prefix="remyx-engine-"))
    with own_bridge() as bridge:
        engine = RunningEngine(folder, bridge=bridge)
        try:
            engine.ask("import", "--change", "ENV PATH=/usr/bin:/bin", str(base_as_tar()), BASE)
            yield engine
        finally:
            engine.end()
            shutil.rmtree(folder, ignore_errors=True)


def base_as_tar() -> Path:
    """The base image's files, made once for this checkout."""
    folder = ROOT / ".tools" / "container-base"
    folder.mkdir(parents=True, exist_ok=True)
    made = folder / "base.tar"
    with (folder / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not made.exists():
            with tempfile.TemporaryDirectory() as scratch:
                _make(Path(scratch), folder / "unfinished.tar")
            (folder / "unfinished.tar").rename(made)
    return made


def _make(scratch: Path, made: Path) -> None:
    scratch.chmod(0o777)  # apt downloads as a user of its own
    packages, root = scratch / "packages", scratch / "root"
    packages.mkdir()
    packages.chmod(0o777)
    download = ["apt-get", "download", "-qq", *PACKAGES]
    if subprocess.run(download, cwd=packages, capture_output=True, check=False).returncode != 0:
        subprocess.run(["apt-get", "update", "-qq"], check=True, capture_output=True)
        subprocess.run(download, cwd=packages, check=True, capture_output=True)
    for package in sorted(packages.glob("*.deb")):
        subprocess.run(["dpkg-deb", "--extract", package, root], check=True)
    (root / "tmp").mkdir(exist_ok=True)
    (root / "tmp").chmod(0o1777)
    (root / "usr" / "bin" / "python3").symlink_to("python3.11")
    for name in ("sh", "cat", "ls", "mkdir", "sleep", "id", "chmod"):
        (root / "bin" / name).symlink_to("busybox")
    subprocess.run(["tar", "--create", "--directory", root, "--file", made, "."], check=True)
