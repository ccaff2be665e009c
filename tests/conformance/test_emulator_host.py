"""`emulate --host`: where it listens, what it calls its queues, and whom it takes for a guest."""

import json
import os
import socket
import subprocess
import sys

import pytest

from support import ROOT, find_free_port, wait_until

CALLS = ROOT / "tests/conformance/host_calls.py"
ELSEWHERE = "192.0.2.7"  # An address that is nobody's; here it is this machine's.


def namespace():
    """What goes in front of a command so that its machine has an address that is not loopback."""
    command = ["unshare", *([] if os.geteuid() == 0 else ["-r"]), "--net", "sh", "-c",
               f'ip link set lo up && ip address add {ELSEWHERE}/32 dev lo && exec "$0" "$@"']
    try:
        tried = subprocess.run([*command, "true"], capture_output=True, text=True, check=False)
    except OSError as error:
        pytest.skip(f"no network of its own: {error}")
    if tried.returncode:
        pytest.skip(f"no network of its own: {tried.stderr.strip()}")
    return command


def test_a_guest_reaches_the_queues_by_the_name_that_he_used(start_process, ecs_scaler, tmp_path):
    names = {"emulator": ELSEWHERE, ELSEWHERE: ELSEWHERE, "aws.test.example": ELSEWHERE,
             "127.0.0.1": "127.0.0.1", "localhost": "127.0.0.1", "evil.example": "127.0.0.1"}
    script = tmp_path / "script.sh"
    script.write_text('"$1" emulate --host 0.0.0.0 --port 4566 --cluster c --service s --queue jobs'
                      ' > ready &\nwhile ! grep -q endpoint ready; do sleep 0.05; done\n'
                      f'{sys.executable} {CALLS} 4566 "$2"\ncode=$?\nkill $!\nwait\nexit $code\n')
    child = start_process([*namespace(), "bash", script, ecs_scaler, json.dumps(names)])
    assert child.wait(60) == 0, child.output()
    ready = json.loads((child.folder / "ready").read_text())
    assert ready["endpoint"] == "http://127.0.0.1:4566"
    assert json.loads(child.stdout()) == {
        name: [f"http://{name}:4566/000000000000/made"] for name in names
    } | {"evil.example": 403}  # A page whose name was made to mean this machine.


def test_its_own_processes_work_wherever_it_is(start_process, ecs_scaler, bootstrap, tmp_path):
    """SDKs take credentials over HTTP from loopback only."""
    worker = ROOT / "examples/workers/python/worker.py"
    script = tmp_path / "script.sh"
    script.write_text(f"""
"$1" emulate --host {ELSEWHERE} --port 4566 --cluster c --service s --queue jobs \\
  --task-start 50ms --schedule 1s --lambda "$2" \\
  --worker "{sys.executable} {worker}" > ready 2> log &
while ! grep -q endpoint ready; do sleep 0.05; done
{sys.executable} {CALLS} 4566 '{{"{ELSEWHERE}":"{ELSEWHERE}"}}' jobs
for i in $(seq 600); do grep -q 'done: one' log && break; sleep 0.05; done
kill $!
wait
grep 'done: one' log
""")
    child = start_process([*namespace(), "bash", script, ecs_scaler, bootstrap])
    assert child.wait(60) == 0, child.output()


@pytest.mark.parametrize("host, refused", [(None, ELSEWHERE), ("127.0.0.2", "127.0.0.1")])
def test_it_listens_there_and_nowhere_else(emulator, host, refused):
    running = emulator(**({"host": host} if host else {}))
    port = int(running.endpoint.rpartition(":")[2])
    assert running.endpoint == f"http://{host or '127.0.0.1'}:{port}"
    assert running.queue_url.startswith(running.endpoint + "/")
    with socket.socket() as probe:
        probe.settimeout(1)
        with pytest.raises(OSError):
            probe.connect((refused, port))


def test_processes_of_this_machine_reach_it_there(emulator, bootstrap):
    running = emulator(host="127.0.0.3", lambda_=bootstrap,
                       worker=f"{sys.executable} {ROOT / 'examples/workers/python/worker.py'}",
                       env=["MODE=fixed"], task_start="50ms", schedule="1s")
    running.send(1)
    wait_until(lambda: running.call("status")["totals"]["processed"] == 1, 40, what="the work")


@pytest.mark.parametrize("address", ["", "example.org", "http://127.0.0.1", "127.0.0.1:4566",
                                     "[::1]", "256.0.0.1"])
def test_what_is_no_address_is_told(run_program, ecs_scaler, address):
    ended = run_program([ecs_scaler, "emulate", "--host", address, "--cluster", "c",
                         "--service", "s", "--queue", "q"])
    assert ended.code == 2
    assert "--host" in ended.stderr() and "0.0.0.0" in ended.stderr()


def test_an_address_of_another_machine_is_told(run_program, ecs_scaler):
    ended = run_program([ecs_scaler, "emulate", "--host", "192.0.2.1", "--port",
                         str(find_free_port()), "--cluster", "c", "--service", "s", "--queue", "q"])
    assert ended.code == 1
    line, = ended.stderr().splitlines()
    assert "192.0.2.1" in line and "Cannot assign requested address" in line
