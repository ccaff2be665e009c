"""What commands print: a full disk is no success, and tables fit the terminal."""

import fcntl
import json
import os
import pty
import struct
import subprocess
import termios

import pytest

from support import find_free_port, open_url, program_environment, wait_until

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


def serves(port):
    try:
        with open_url(f"http://127.0.0.1:{port}/healthz") as answer:
            return answer.status == 200
    except OSError:
        return False


def test_what_was_closed_at_the_start_is_nobody_elses(start_process, ecs_scaler, fake_aws):
    """Otherwise the log would be written into whatever is opened first."""
    port = find_free_port()
    process = start_process(
        ["sh", "-c", 'exec "$0" "$@" <&- >&- 2>&-', ecs_scaler, "run", "--listen",
         f"127.0.0.1:{port}"],
        env={"AWS_ENDPOINT_URL": fake_aws.url, "SQS_QUEUE_URL": fake_aws.queue_url("worker"),
             "ECS_CLUSTER_NAME": "main", "ECS_SERVICE_NAME": "worker"})
    wait_until(lambda: serves(port), what="the controller")

    assert [os.readlink(f"/proc/{process.pid}/fd/{file}") for file in range(3)] == 3 * ["/dev/null"]
    assert process.stop() == 0


def test_a_closed_output_is_no_success(ecs_scaler, tmp_path):
    command = ["sh", "-c", 'exec "$0" config --schema >&-', ecs_scaler]
    closed = subprocess.run(command, stderr=subprocess.PIPE, text=True, timeout=60, check=False,
                            env=program_environment(tmp_path))
    assert closed.returncode == 1
    assert closed.stderr.startswith("ecs-scaler: standard output could not be written")


def on_a_terminal(arguments, environment, columns):
    near, far = pty.openpty()
    fcntl.ioctl(far, termios.TIOCSWINSZ, struct.pack("HHHH", 24, columns, 0, 0))
    process = subprocess.Popen(arguments, stdout=far, stderr=subprocess.PIPE,
                               stdin=subprocess.DEVNULL, env=environment)
    os.close(far)
    text = b""
    try:
        while data := os.read(near, 65536):
            text += data
    except OSError:  # As Linux says that nobody has the other end any more.
        pass
    finally:
        os.close(near)
    process.communicate(timeout=30)
    return text.decode().replace("\r\n", "\n")


@pytest.mark.parametrize("command", ["status", "explain", "once", "doctor"])
def test_what_is_for_people_fits_their_terminal(ecs_scaler, tmp_path, fake_aws, command):
    fake_aws.queues["worker"] = (3000, 20, 0)
    fake_aws.services["worker"] = 4
    environment = program_environment(tmp_path, {
        "AWS_ENDPOINT_URL": fake_aws.url, "SQS_QUEUE_URL": fake_aws.queue_url("worker"),
        "ECS_CLUSTER_NAME": "main", "ECS_SERVICE_NAME": "worker", "SCALE_UP_TARGET": 2})
    for columns in (60, 100):
        text = on_a_terminal([ecs_scaler, command], environment, columns)
        lines = text.splitlines()
        assert lines
        wide = [line for line in lines if len(line) > columns and " " in line.strip()]
        assert not wide, "\n".join(wide)
    piped = subprocess.run([ecs_scaler, "status"], capture_output=True, text=True, timeout=30,
                           check=True, env=environment)
    assert len(piped.stdout.splitlines()) == 2 and len(piped.stdout.splitlines()[1]) > 100


@pytest.mark.parametrize("arguments", [["decide"], ["simulate", "--trace", "-"]])
def test_who_waits_for_a_terminals_input_says_so(ecs_scaler, tmp_path, arguments):
    near, far = pty.openpty()
    process = subprocess.Popen([ecs_scaler, *arguments], stdin=far, stdout=subprocess.DEVNULL,
                               stderr=subprocess.PIPE, text=True,
                               env=program_environment(tmp_path))
    os.close(far)
    try:
        told = process.stderr.readline()
        os.write(near, b"\x04")  # Ctrl-D
        _, rest = process.communicate(timeout=30)
    finally:
        process.kill()
        os.close(near)
    assert told.startswith("ecs-scaler: reads ")
    assert told.endswith(" from this terminal; Ctrl-D ends it\n")
    assert rest.startswith("ecs-scaler: " + arguments[0])
    piped = subprocess.run([ecs_scaler, *arguments], stdin=subprocess.DEVNULL, timeout=30,
                           capture_output=True, text=True, check=False,
                           env=program_environment(tmp_path))
    assert "terminal" not in piped.stderr
