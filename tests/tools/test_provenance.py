"""Which commit `ecs-scaler --version` names: a clone's, a source tarball's, or none."""

import re
import shutil
import subprocess

import pytest

from support import ROOT


@pytest.fixture
def commit_of(tmp_path):
    """commit_of(folder) -> what CMake finds there"""
    script = tmp_path / "ask.cmake"

    def ask(folder):
        script.write_text(f"set(PROJECT_SOURCE_DIR {folder})\n"
                          f"include({ROOT}/cmake/Provenance.cmake)\n"
                          'message("${SCALER_COMMIT}")\n')
        return subprocess.run(["cmake", "-P", script], capture_output=True, text=True,
                              check=True).stderr.strip()

    return ask


@pytest.fixture
def git(tmp_path):
    if shutil.which("git") is None:
        pytest.skip("git is not here")

    def run(*arguments):
        done = subprocess.run(["git", "-C", tmp_path / "clone", "-c", "user.name=x",
                               "-c", "user.email=x@x", *arguments], capture_output=True, check=True)
        return done.stdout

    (tmp_path / "clone/cmake").mkdir(parents=True)
    for name in (".gitattributes", "cmake/commit.txt"):
        shutil.copy(ROOT / name, tmp_path / "clone" / name)
    run("init", "--quiet")
    run("add", ".")
    run("commit", "--quiet", "--message", "x")
    return run


def test_a_clone_has_its_commit(commit_of, git, tmp_path):
    head = git("rev-parse", "HEAD").decode()[:12]
    assert commit_of(tmp_path / "clone") == head

    (tmp_path / "clone/cmake/commit.txt").write_text("$Format:%H$ changed\n")
    assert commit_of(tmp_path / "clone") == f"{head}-dirty"


def test_a_source_tarball_has_the_commit_in_a_file(commit_of, git, tmp_path):
    subprocess.run(["tar", "-x", "-C", tmp_path], input=git("archive", "--prefix=src/", "HEAD"),
                   check=True)

    assert commit_of(tmp_path / "src") == git("rev-parse", "HEAD").decode()[:12]


def test_without_either_it_is_unknown(commit_of, git, tmp_path):
    """Also in a folder of a clone of something else, whose commit it is not."""
    folder = tmp_path / "clone/vendor/scaler"
    (folder / "cmake").mkdir(parents=True)
    assert git("rev-parse", "HEAD")
    shutil.copy(ROOT / "cmake/commit.txt", folder / "cmake")
    if not re.fullmatch(r"\$Format:%H\$\n", (folder / "cmake/commit.txt").read_text()):
        pytest.skip("these sources are of a tarball themselves")

    assert commit_of(folder) == "unknown"
