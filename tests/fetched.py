"""What tests need of others, pinned: fetched once, and kept below build/fetched."""

import hashlib
import os
import pathlib
import shutil
import subprocess
import sys
import tempfile

import pytest

from support import ROOT

PATIENCE = 300  # seconds for one command
why_not = {}


class NotFetched(Exception):
    """Why something cannot be had here."""


def run(command, folder, **environment):
    """Raises NotFetched with the last line that the command said."""
    if shutil.which(command[0]) is None:
        raise NotFetched(f"{command[0]} is not here")
    try:
        ended = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False,
                               timeout=PATIENCE, env={**os.environ, **environment})
    except subprocess.TimeoutExpired:
        raise NotFetched(f"{command[0]} took more than {PATIENCE} s") from None
    if ended.returncode:
        lines = (ended.stderr + ended.stdout).strip().splitlines() or ["it said nothing"]
        raise NotFetched(f"{' '.join(map(str, command[:3]))}: {lines[-1]}")


def fetched(name, sources, make):
    """The folder that `make(folder)` has filled, anew when one of the sources has changed: files,
    which are copied there first, or texts. Skips the test, with the reason, where it cannot be."""
    digest = hashlib.sha256()
    for source in sources:
        is_file = isinstance(source, pathlib.Path)
        digest.update(source.read_bytes() if is_file else source.encode())
    kept = ROOT / "build/fetched" / f"{name}-{digest.hexdigest()[:12]}"
    if kept.is_dir():
        return kept
    if kept not in why_not:
        why_not[kept] = fetch(kept, [source for source in sources if not isinstance(source, str)],
                              make)
    if why_not[kept]:
        pytest.skip(f"{name} cannot be fetched: {why_not[kept]}")
    return kept


def fetch(kept, files, make):
    """The reason why not, or nothing."""
    kept.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=kept.parent) as fresh:
        folder = pathlib.Path(fresh) / "all"
        folder.mkdir()
        for file in files:
            shutil.copy(file, folder)
        try:
            make(folder)
        except NotFetched as reason:
            return str(reason)
        try:
            folder.rename(kept)
        except OSError:  # Another process of the tests was faster.
            assert kept.is_dir()
    return ""


def python_packages(name, requirements):
    """A folder for PYTHONPATH with what a requirements.txt pins."""
    pip = [sys.executable, "-m", "pip", "install", "--quiet", "--disable-pip-version-check",
           "--no-deps", "--target", ".", "-r", requirements.name]
    return fetched(name, [requirements], lambda folder: run(pip, folder))


def node_packages(name, folder, *programs):
    """A copy of the programs of that folder, beside what its package-lock.json pins."""
    files = [folder / file for file in ("package.json", "package-lock.json", ".npmrc", *programs)]
    return fetched(name, files, lambda fresh: run(["npm", "ci", "--ignore-scripts"], fresh))


def go_program(name, folder, *programs):
    """The path of a program, built from that folder with what its go.sum pins."""
    files = [folder / file for file in ("go.mod", "go.sum", *programs)]
    build = ["go", "build", "-mod=readonly", "-trimpath", "-o", "program", "."]
    local = {"CGO_ENABLED": "0", "GOTOOLCHAIN": "local"}
    return fetched(name, files, lambda fresh: run(build, fresh, **local)) / "program"


def java_packages(name, pom):
    """A folder with the jars that a pom.xml pins, and theirs, for the class path."""
    copy = ["mvn", "--quiet", "--batch-mode", "dependency:copy-dependencies",
            "-DoutputDirectory=jars"]
    return fetched(name, [pom], lambda folder: run(copy, folder)) / "jars"
