"""`emulate --worker`: the embedded tasks are real processes, under the real bootstrap."""

import collections
import os
import pathlib
import signal
import sys
import time

import pytest
from support import ROOT, wait_until

KIT = ROOT / "examples/workers/python/worker.py"
QUICK = {"task_start": "300ms"}
BACKLOG = ["MODE=backlog", "BACKLOG_PER_TASK=5", "TASKS_MAX=4", "SCALE_DOWN_THRESHOLD=0.03",
           "WAKE_RETURN_SECONDS=1", "BUSY_WINDOW=1"]


def processes(text):
    """The pids of the processes of this machine whose command line holds the text."""
    found = []
    for folder in pathlib.Path("/proc").iterdir():
        try:
            words = (folder / "cmdline").read_bytes().replace(b"\0", b" ")
            if text in words.decode(errors="replace"):
                found.append(int(folder.name))
        except (OSError, ValueError):
            continue
    return found


@pytest.fixture
def script(tmp_path):
    """script(text) -> the command of a shell script of that text with a name of its own."""

    def write(text):
        path = tmp_path / f"worker-{tmp_path.name}.sh"
        path.write_text(text)
        return f"/bin/bash {path}"

    return write


def test_a_hundred_jobs_through_the_kit_under_the_real_bootstrap(emulator, bootstrap):
    running = emulator(lambda_=bootstrap, env=[*BACKLOG, "SCALE_IN_WHEN=protected"],
                       worker=f"{sys.executable} {KIT}", schedule="1s", mapping_toggle="1s",
                       **QUICK)
    definition = running.aws.ecs.describe_task_definition(taskDefinition="worker")
    assert definition["taskDefinition"]["containerDefinitions"][0]["environment"]

    running.send(100, "job")
    wait_until(lambda: running.tasks()[0] >= 2, 30, what="tasks")
    wait_until(lambda: running.call("status")["totals"]["processed"] == 100, 100, what="the work")
    wait_until(lambda: running.tasks() == (0, 0), 60, what="zero tasks")

    totals = running.call("status")["totals"]
    assert (totals["lost"], totals["dead_lettered"]) == (0, 0)
    done = collections.Counter(line.split("done: ")[1].split('"')[0]
                               for line in running.process.stderr().splitlines()
                               if "done: " in line)
    assert done == {f"job {i}": 1 for i in range(100)}


def test_a_worker_that_is_killed_is_replaced_and_its_message_comes_back(emulator, script):
    running = emulator(worker=script("exec sleep 1000\n"), **QUICK)
    running.aws.ecs.update_service(cluster="test", service="worker", desiredCount=1)
    wait_until(lambda: running.tasks()[1] == 1, what="the task")
    first = running.aws.ecs.list_tasks(cluster="test")["taskArns"]
    pid = next(pid for pid in processes("sleep 1000")
               if "SQS_QUEUE_URL=" + running.queue_url in environment(pid))

    os.kill(pid, signal.SIGKILL)

    wait_until(lambda: running.aws.ecs.list_tasks(cluster="test")["taskArns"] not in ([], first),
               what="another task")
    stopped = running.aws.ecs.describe_tasks(cluster="test", tasks=first)["tasks"][0]
    assert stopped["stopCode"] == "EssentialContainerExited"
    assert stopped["containers"][0]["exitCode"] == 137


def environment(pid):
    try:
        return pathlib.Path(f"/proc/{pid}/environ").read_bytes().decode(errors="replace")
    except OSError:
        return ""


def test_a_worker_that_ignores_sigterm_has_its_whole_stop_timeout(emulator, script, tmp_path):
    ignores = tmp_path / "ignores"  # A task runs before its shell has read the first line.
    running = emulator(
        worker=script(f"trap '' TERM\ntouch {ignores}\nwhile :; do sleep 0.05; done\n"),
        stop_timeout="2s", **QUICK)
    running.aws.ecs.update_service(cluster="test", service="worker", desiredCount=1)
    wait_until(lambda: running.tasks()[1] == 1 and ignores.exists(), what="the task")
    arns = running.aws.ecs.list_tasks(cluster="test")["taskArns"]
    began = time.monotonic()
    running.aws.ecs.update_service(cluster="test", service="worker", desiredCount=0)

    def task():
        return running.aws.ecs.describe_tasks(cluster="test", tasks=arns)["tasks"][0]

    wait_until(lambda: task()["lastStatus"] == "STOPPED", what="the end")
    assert time.monotonic() - began >= 2
    assert task()["containers"][0]["exitCode"] == 137


def test_a_worker_that_exits_at_once_is_not_started_without_end(emulator, script, tmp_path):
    starts = tmp_path / "starts"
    running = emulator(worker=script(f"echo x >> {starts}\nexit 1\n"), **QUICK)
    running.aws.ecs.update_service(cluster="test", service="worker", desiredCount=1)
    wait_until(lambda: starts.exists() and len(starts.read_text().split()) >= 4, what="four starts")
    time.sleep(3)
    assert len(starts.read_text().split()) <= 6


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGKILL])
def test_nothing_is_left_of_the_workers_when_the_emulator_ends(emulator, script, number):
    command = script("setsid sleep 1003 &\nsleep 1003 &\nwhile :; do sleep 0.05; done\n")
    running = emulator(worker=command, **QUICK)
    running.aws.ecs.update_service(cluster="test", service="worker", desiredCount=2)
    mine = f"SQS_QUEUE_URL={running.queue_url}"

    def left():
        return [pid for pid in processes("sleep 1003") + processes(command.split()[1])
                if mine in environment(pid)]

    wait_until(lambda: len(left()) >= 6, what="the workers and their children")
    os.kill(running.process.pid, number)
    wait_until(lambda: not left(), what="the end of all")


def test_a_protected_task_is_never_stopped_by_a_scale_in(emulator, script):
    """Workers that take and drop protection all the time, against scale-ins: whoever was told that
    he is protected gets no SIGTERM until he gave it up."""
    worker = script('''
put() { printf '%s' "$1" | curl -s -m 5 -X PUT -H 'Content-Type: application/json' -d @- \\
  "$ECS_AGENT_URI/task-protection/v1/state"; }
protected=no
trap 'echo "told while $protected"; [ $protected = yes ] && exit 9; exit 0' TERM
while :; do
  if put '{"ProtectionEnabled":true}' | grep -q '"ProtectionEnabled":true'; then
    protected=yes; sleep 0.1
    protected=no; put '{"ProtectionEnabled":false}' > /dev/null
  else
    sleep 0.05
  fi
done
''')
    running = emulator(worker=worker, stop_timeout="5s", **{**QUICK, "task_start": "50ms"})
    for count in (6, 1, 5, 0, 6, 2, 6, 0, 4, 1) * 3:
        running.aws.ecs.update_service(cluster="test", service="worker", desiredCount=count)
        time.sleep(0.4)
    running.aws.ecs.update_service(cluster="test", service="worker", desiredCount=0)
    wait_until(lambda: running.tasks() == (0, 0), 30, what="zero tasks")
    told = running.process.stderr().count("told while no")
    assert told >= 8  # a busy machine starts fewer
    assert "told while yes" not in running.process.stderr()


def test_workers_may_run_elsewhere(emulator, start_process):
    running = emulator(no_workers=True, **QUICK)
    running.aws.ecs.update_service(cluster="test", service="worker", desiredCount=1)
    running.send(3)
    start_process([sys.executable, KIT],
                  env={"SQS_QUEUE_URL": running.queue_url, "AWS_ENDPOINT_URL": running.endpoint,
                       "AWS_DEFAULT_REGION": "us-east-1", "AWS_ACCESS_KEY_ID": "test",
                       "AWS_SECRET_ACCESS_KEY": "test", "WORK_SECONDS": "0"})
    wait_until(lambda: running.call("status")["totals"]["processed"] == 3, 40, what="the work")
    assert running.call("status")["totals"]["lost"] == 0


@pytest.mark.parametrize("flags, message", [
    (["--worker", "no-such-program x"], "--worker: there is no program 'no-such-program' on PATH"),
    (["--worker", "/etc/passwd"], "--worker: '/etc/passwd' is no program that may be run"),
    (["--worker", "sh -c 'x"], "--worker: a quote has no end"),
    (["--worker", "sh", "--no-workers"], "--worker and --no-workers: one or the other"),
    (["--worker", "sh", "--workers-protect"], "--worker and --workers-protect"),
    (["--worker", "sh", "--worker-dir", "/nowhere"], "--worker-dir: there is no folder '/nowhere'"),
])
def test_a_command_that_cannot_run_is_told_at_the_start(run_program, ecs_scaler, flags, message):
    ended = run_program([ecs_scaler, "emulate", "--cluster", "c", "--service", "s", "--queue", "q",
                         *flags], env={"PATH": "/usr/bin:/bin"})
    assert ended.code in (2, 3)
    assert ended.stdout() == ""
    assert message in ended.stderr()
    assert len(ended.stderr().strip().splitlines()) == 1
