"""`ecs-scaler verify`: it passes on the embedded AWS, and each of its checks fails, with a sentence
of its own and exit code 1, on a deployment in which what it checks is broken on purpose."""

import concurrent.futures
import dataclasses
import json
import signal
import stat
import sys
import threading
import time
import xml.etree.ElementTree

import pytest

from support import (TEST_KEYS, Emulator, Process, has_endpoint_line, program_environment,
                     wait_until)

SCALER_KEY = "ASIAEMULATEDFUNCTION"
QUICK = {"task_start": "500ms", "task_stop": "100ms", "work_time": "200ms", "schedule": "1s",
         "mapping_toggle": "300ms"}
QUICK_ENV = ("SCALE_UP_TARGET=2", "SCALE_DOWN_THRESHOLD=0.02", "BUSY_WINDOW=1",
             "WAKE_RETURN_SECONDS=1")
# A bootstrap that answers everything with {}, as if all were well.
YES_MAN = """#!{python}
import os, urllib.request
base = "http://" + os.environ["AWS_LAMBDA_RUNTIME_API"] + "/2018-06-01/runtime/invocation/"
while True:
    event = urllib.request.urlopen(base + "next")
    event.read()
    answer = base + event.headers["Lambda-Runtime-Aws-Request-Id"] + "/response"
    urllib.request.urlopen(urllib.request.Request(answer, b"{}")).read()
"""


def text(report):
    return "\n".join(f"{check['verdict']} {check['name']}: {check['sentence']}"
                     for check in report["checks"])


def deny(operation):
    return lambda emulator: emulator.call(
        "faults", {"operation": operation, "fault": "denied", "count": 100000,
                   "caller": SCALER_KEY})


def change_mapping(state, queue="q", **changes):
    def change(emulator):
        aws = emulator.aws.lambda_
        uuid, = (mapping["UUID"]
                 for mapping in aws.list_event_source_mappings()["EventSourceMappings"]
                 if mapping["EventSourceArn"].endswith(":" + queue))

        def wait_for(wanted):
            wait_until(lambda: aws.get_event_source_mapping(UUID=uuid)["State"] == wanted,
                       what=f"the mapping's state {wanted}")

        wait_for("Enabled")
        aws.update_event_source_mapping(UUID=uuid, **changes)
        wait_for(state)

    return change


def nothing(_emulator):
    pass


@dataclasses.dataclass(frozen=True)
class Broken:
    """A deployment with one thing broken: how, and the only failures that `verify` may find."""

    check: str
    failures: dict  # name -> how its sentence begins
    env: tuple = ()
    options: tuple = ()  # of the emulator, over QUICK
    bootstrap: str = ""  # a script in place of the real one
    breaks: object = nothing
    flags: tuple = ()
    patience: str = "5s"


NOT_ENABLED = "the service rests, but no scheduled pass enabled the event source mapping"
BROKEN = {
    "the scaler may not set the count": Broken(
        "basic", {"basic": "the service did not leave zero within 5 s: 1 visible"},
        breaks=deny("UpdateService")),
    "a wake eats the message": Broken(
        "basic", {"basic": "the messages left the queue before any task was running"},
        bootstrap=YES_MAN, flags=("--settle", "1s")),
    "workers do not finish": Broken(
        "several", {"several": "the messages were not processed within 5 s: "},
        options=(("work_time", "1h"),)),
    "workers are too slow": Broken(
        "load", {"load": "the messages were not processed within 5 s: "},
        env=("SCALE_UP_TARGET=1",), options=(("work_time", "2s"),), flags=("--load-rate", "5")),
    "the function is broken": Broken(
        "errors", {"errors": "a dry run failed: "}, bootstrap="#!/bin/sh\nexit 1\n"),
    "the function says yes to everything": Broken(
        "errors", {"errors": "a dry run's answer lacks body.trigger_source"}, bootstrap=YES_MAN),
    "the message does not survive": Broken(
        "errors", {"errors": "the messages were not processed within 5 s: "},
        options=(("work_time", "1h"),)),
    "the schedule is off": Broken(
        "triggers", {"trigger schedule": "the queue is empty, but the service did not come back"},
        options=(("schedule", "0s"),)),
    "the schedule is off and the mapping, too": Broken(
        "triggers", {"trigger schedule": NOT_ENABLED}, options=(("schedule", "0s"),),
        breaks=change_mapping("Disabled", Enabled=False)),
    "the scaler may not switch the mapping": Broken(
        "triggers", {"trigger schedule": NOT_ENABLED},
        breaks=lambda emulator: (deny("UpdateEventSourceMapping")(emulator),
                                 change_mapping("Disabled", Enabled=False)(emulator))),
    "there is neither schedule nor wake": Broken(
        "triggers", {"trigger schedule": "the service did not leave zero within 5 s: 1 visible"},
        env=("WAKE=",), options=(("schedule", "0s"),)),
    "the wake mapping would delete": Broken(
        "triggers", {"trigger wake": "the event source mapping on the job queue lacks Report"},
        breaks=change_mapping("Disabled", Enabled=False, FunctionResponseTypes=[])),
    "the ticks are not taken": Broken(
        "triggers", {"trigger tick": "no tick was taken from http://"},
        options=(("tick_queue", "ticks"),),
        breaks=change_mapping("Disabled", queue="ticks", Enabled=False)),
    "nobody hears the doorbell": Broken(
        "triggers", {"trigger doorbell": "the message on http://"},
        options=(("doorbell_queue", "bell"),),
        breaks=change_mapping("Disabled", queue="bell", Enabled=False)),
    "it is too slow": Broken(
        "timings", {"timings": "first message -> desired count took "},
        flags=("--scale-out-limit", "1ms")),
}


def run_broken(name, broken, folder, programs, lock):
    """(exit code, report, sanitizer reports) of verify on a deployment that is broken this way."""
    bootstrap, ecs_scaler = programs
    folder = folder / name.replace(" ", "-").replace(",", "")
    (folder / "emulate").mkdir(parents=True)
    (folder / "verify").mkdir()
    if broken.bootstrap:
        bootstrap = folder / "bootstrap"
        bootstrap.write_text(broken.bootstrap.replace("{python}", sys.executable))
        bootstrap.chmod(bootstrap.stat().st_mode | stat.S_IXUSR)
    arguments = [ecs_scaler, "emulate", "--port", "0", "--cluster", "c", "--service", "s",
                 "--queue", "q", "--lambda", bootstrap]
    for assignment in (*QUICK_ENV, *broken.env):
        arguments += ["--env", assignment]
    for option, value in {**QUICK, **dict(broken.options)}.items():
        arguments += [f"--{option.replace('_', '-')}", value]
    emulate = Process(arguments, program_environment(folder / "emulate"), folder / "emulate")
    processes = [emulate]
    try:
        wait_until(lambda: has_endpoint_line(emulate), what="the start")
        with lock:  # boto3's session is for one thread.
            emulator = Emulator(emulate, ("c", "s", "q"))
        broken.breaks(emulator)
        verify = Process([ecs_scaler, "verify", "--function", "ecs-scaler", "--check",
                          broken.check, "--output", "json", "--poll", "50ms", "--load-time", "2s",
                          "--patience", broken.patience, *broken.flags],
                         program_environment(folder / "verify",
                                             {"AWS_ENDPOINT_URL": emulator.endpoint}),
                         folder / "verify")
        processes.append(verify)
        code = verify.wait(100)
        assert verify.stdout(), verify.output()
        return code, json.loads(verify.stdout())
    finally:
        for process in processes:
            process.stop()
        assert not [report for process in processes for report in process.sanitizer_reports()]


@pytest.fixture(scope="module")
def results(release_bin_dir, tmp_path_factory):
    """name -> the outcome of each broken deployment; they mostly wait, so some run side by side."""
    folder, lock = tmp_path_factory.mktemp("broken"), threading.Lock()
    programs = (release_bin_dir / "bootstrap", release_bin_dir / "ecs-scaler")
    with concurrent.futures.ThreadPoolExecutor(3) as pool:
        runs = {name: pool.submit(run_broken, name, broken, folder, programs, lock)
                for name, broken in BROKEN.items()}
    return runs


@pytest.mark.parametrize("name", BROKEN)
def test_the_right_check_fails_when(results, name):
    code, report = results[name].result()

    sentences = {check["name"]: check["sentence"] for check in report["checks"]
                 if check["verdict"] == "failed"}
    assert (code, report["passed"]) == (1, False), text(report)
    assert sentences.keys() == BROKEN[name].failures.keys(), text(report)
    for check, beginning in BROKEN[name].failures.items():
        assert sentences[check].startswith(beginning), text(report)


@pytest.fixture
def verify(run_program, ecs_scaler):
    """verify(emulator, checks) -> (exit code, report)."""

    def run(emulator, checks):
        process = run_program(
            [ecs_scaler, "verify", "--function", "ecs-scaler", "--check", checks, "--output",
             "json", "--patience", "6s"], env={"AWS_ENDPOINT_URL": emulator.endpoint})
        assert process.stdout(), process.output()
        return process.code, json.loads(process.stdout())

    return run


@pytest.fixture
def deployed(emulator, bootstrap):
    """An emulator that hosts the bootstrap, everything quick; options replace what is quick."""

    def start(**options):
        return emulator(env=QUICK_ENV, lambda_=bootstrap, **{**QUICK, **options})

    return start


def test_passes_on_the_embedded_aws_and_writes_a_junit_report(run_program, ecs_scaler, tmp_path):
    report = tmp_path / "verify.xml"

    process = run_program([ecs_scaler, "verify", "--emulator", "--output", "junit", "--report",
                           report], timeout=100)

    assert process.code == 0, process.output()
    assert " 0 failed" in process.stdout(), process.output()
    suite = xml.etree.ElementTree.parse(report).getroot().find("testsuite")
    assert suite.get("failures") == "0"
    assert [case.get("name") for case in suite.iter("testcase")] == [
        "basic", "several", "load", "errors", "trigger manual", "trigger wake", "trigger schedule",
        "trigger tick", "trigger doorbell", "timings"]
    assert not list(suite.iter("skipped")), process.output()


def test_starts_only_at_rest_and_harms_no_foreign_message(deployed, verify):
    emulator = deployed(work_time="1h")
    emulator.send(3)

    code, report = verify(emulator, "basic")

    assert code == 1 and report["messages_sent"] == 0
    assert report["checks"][0]["sentence"].startswith("it starts only when the queue is empty")
    assert sum(emulator.depth()) == 3


def test_ends_at_once_and_in_order_on_sigint(deployed, start_process, ecs_scaler):
    emulator = deployed(work_time="1h")
    process = start_process([ecs_scaler, "verify", "--function", "ecs-scaler"],
                            env={"AWS_ENDPOINT_URL": emulator.endpoint})
    wait_until(lambda: sum(emulator.depth()) == 1, what="the first message")

    process.popen.send_signal(signal.SIGINT)
    began = time.monotonic()

    assert process.wait(20) == 1
    assert time.monotonic() - began < 10
    assert "interrupted: " in process.stdout() and "1 test messages sent" in process.stdout()
    assert sum(emulator.depth()) == 1


@pytest.mark.parametrize("arguments, environment, named", [
    (["--queue-url", "http://127.0.0.1/1/q"], {}, "neither --cluster nor ECS_CLUSTER_NAME"),
    (["--queue-url", "http://127.0.0.1:1/000000000000/q", "--cluster", "c", "--service", "s"],
     {"AWS_REGION": None}, "AWS_REGION"),
])
def test_names_what_is_missing(run_program, ecs_scaler, arguments, environment, named):
    process = run_program([ecs_scaler, "verify", *arguments], env=environment)

    assert process.code == 3 and named in process.stderr(), process.output()


def test_the_menu_runs_what_is_chosen(deployed, run_program, ecs_scaler):
    emulator = deployed()

    process = run_program([ecs_scaler, "verify", "--interactive", "--function", "ecs-scaler",
                           "--poll", "50ms", "--patience", "10s"],
                          env={"AWS_ENDPOINT_URL": emulator.endpoint, **TEST_KEYS},
                          stdin="8\nnonsense\n1\n0\n")

    assert process.code == 0, process.output()
    assert "0 visible, 0 in flight, 0 delayed; desired 0, running 0" in process.stdout()
    assert "'nonsense' is not a number from 0 to 9" in process.stdout()
    assert "passed   basic" in process.stdout()
