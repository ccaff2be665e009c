"""Sixty mutants, always the same: each is killed, or named as equivalent with the reason."""

import subprocess
import sys

import mutants
import pytest


@pytest.mark.slow
@pytest.mark.timeout(1800)
def test_the_sample_is_killed_or_named():
    done = subprocess.run([sys.executable, mutants.__file__, "--sample", "60"], text=True,
                          capture_output=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
