"""The release program stays lean: within its budget, and flat over a long life."""

import subprocess
import sys

import pytest

from support import ROOT

SKIPPED = 77


@pytest.fixture
def bench(release_bin_dir):
    """bench("budget", ...) runs bench/budget.py on the release programs; the ended process."""
    if not (release_bin_dir / "referee").is_file():
        pytest.skip(f"{release_bin_dir} has no referee, with which bench/ measures")

    def run(name, *arguments):
        return subprocess.run([sys.executable, ROOT / f"bench/{name}.py", *arguments],
                              capture_output=True, text=True, timeout=240, check=False)

    return run


@pytest.mark.alone
def test_instructions_system_calls_and_size_stay_within_the_budget(bench):
    result = bench("budget")

    if result.returncode == SKIPPED:
        pytest.skip(result.stdout.strip())
    assert result.returncode == 0, result.stdout + result.stderr


@pytest.mark.alone
def test_many_passes_and_closed_connections_leave_nothing_behind(bench):
    result = bench("day", "--passes", "240")

    assert result.returncode == 0, result.stdout + result.stderr
    assert "46 of them resumed" in result.stdout
