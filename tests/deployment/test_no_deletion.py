"""The code holds no path that deletes a message: not in the client, not in the program, not in a
recorded run.
"""

import re

from support import ROOT, wait_until

DELETING = re.compile(rb"DeleteMessage|PurgeQueue|DeleteQueue")


def test_the_client_knows_no_such_call():
    for path in (ROOT / "src").glob("*/*.cc"):
        if path.parent.name in ("aws", "wiring", "handler", "pass", "lambda", "bootstrap"):
            assert not DELETING.search(path.read_bytes()) or path.name.endswith("_test.cc"), path


def test_the_program_holds_no_such_name(release_build):
    """Eight bytes of a name: longer ones the compiler may have spread over several instructions."""
    program = (release_build / "bin/bootstrap").read_bytes()

    assert b"ChangeMe" in program and b"GetQueue" in program
    for name in (b"DeleteMessage", b"PurgeQueue", b"DeleteQueue"):
        assert name[:8] not in program


def test_a_whole_cycle_makes_no_such_call(emulator, bootstrap):
    world = emulator(lambda_=bootstrap, schedule="1s", task_start="500ms", task_stop="200ms",
                     work_time="200ms", mapping_toggle="500ms",
                     env=["SCALE_UP_TARGET=2", "SCALE_DOWN_THRESHOLD=0.03",
                          "BUSY_WINDOW=1", "WAKE_RETURN_SECONDS=1"])
    world.send(3)

    wait_until(lambda: world.tasks()[0] == 2, 30, what="two tasks")
    wait_until(lambda: world.call("status")["totals"]["processed"] == 3, 60, what="the work")
    wait_until(lambda: world.tasks() == (0, 0), 40, what="zero tasks")

    status = world.call("status")
    own = status["lambda"]["access_key_id"]
    made = {operation for operation, callers in status["api_calls"].items() if own in callers}
    assert {"GetQueueAttributes", "UpdateService"} <= made
    assert not [name for name in made if name.startswith(("Delete", "Purge", "Receive"))]
    assert status["lambda"]["mapping"]["deleted"] == 0 and status["totals"]["lost"] == 0
