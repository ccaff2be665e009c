"""A full disk is no success: what a command could not print makes its exit code 1."""

import json
import subprocess

import pytest

from support import program_environment

POLICY = {"mode": "fixed", "scale_up_target": 1}
QUESTION = json.dumps({"policy": POLICY, "observation": {
    "at": "2026-11-23T12:00:00Z", "queues": [{"visible": 1, "in_flight": 0, "delayed": 0}],
    "service": {"desired": 0, "running": 0, "pending": 0}}})


def run(ecs_scaler, folder, arguments, out):
    return subprocess.run([ecs_scaler, *arguments], input=QUESTION, stdout=out, text=True,
                          stderr=subprocess.PIPE, timeout=60, check=False,
                          env=program_environment(folder))


@pytest.mark.parametrize("arguments", [
    ["decide"],
    ["config", "--schema"],
    ["simulate", "--arrivals", "poisson:0.01", "--length", "1h", "--rival", "keda"],
    ["simulate", "--arrivals", "poisson:0.01", "--length", "1h", "--rival", "keda",
     "--output", "json"],
    ["--help"],
], ids=" ".join)
def test_a_full_disk_is_no_success(ecs_scaler, tmp_path, arguments):
    good = run(ecs_scaler, tmp_path, arguments, subprocess.PIPE)
    assert (good.returncode, good.stderr) == (0, "") and good.stdout
    with open("/dev/full", "w", encoding="utf-8") as full:
        bad = run(ecs_scaler, tmp_path, arguments, full)
    assert bad.returncode == 1
    assert bad.stderr.startswith("ecs-scaler: standard output could not be written")
    assert bad.stderr.count("\n") == 1
