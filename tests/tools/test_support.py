"""The frame of the tests keeps its own promises."""

import os
import time

import pytest
from support import Process, wait_until


@pytest.fixture
def shell(tmp_path):
    def start(script):
        return Process(["/bin/sh", "-c", script], {"PATH": os.environ["PATH"]}, tmp_path)

    return start


def test_a_process_gives_its_output_and_code(shell):
    process = shell("echo out; echo err >&2; exit 3")

    assert process.wait() == 3
    assert (process.stdout(), process.stderr()) == ("out\n", "err\n")
    assert process.sanitizer_reports() == []


@pytest.mark.parametrize("report", [
    "==1==ERROR: AddressSanitizer: heap-use-after-free", "a.cc:1:2: runtime error: signed overflow",
    "WARNING: ThreadSanitizer: data race"])
def test_a_sanitizers_report_is_found(shell, report):
    process = shell(f"echo '{report}' >&2")
    process.wait()

    assert len(process.sanitizer_reports()) == 1


def test_a_sanitizers_report_in_its_log_is_found(shell, tmp_path):
    (tmp_path / "sanitizer.123").write_text("==123==ERROR: LeakSanitizer: detected memory leaks\n")
    process = shell("true")
    process.wait()

    assert len(process.sanitizer_reports()) == 1


def test_stopping_ends_what_the_process_left_behind(shell, tmp_path):
    process = shell("sleep 300 & echo $! ; wait")
    child = int(wait_until(process.stdout, what="the child's id"))

    process.stop()

    def gone():
        try:
            with open(f"/proc/{child}/stat") as stat:
                return stat.read().rsplit(")", 1)[1].split()[0] == "Z"
        except FileNotFoundError:
            return True

    assert wait_until(gone, timeout=5)


def test_waiting_is_bounded():
    start = time.monotonic()

    with pytest.raises(pytest.fail.Exception, match="rain did not come true"):
        wait_until(lambda: False, timeout=0.2, what="rain")
    assert time.monotonic() - start < 2
