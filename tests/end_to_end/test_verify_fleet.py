"""`ecs-scaler verify` of a fleet: every service by itself, and what is wrong with one of them is a
failure of that one."""

import json
import time
import xml.etree.ElementTree

import pytest

from test_fleet_by_tags import Team
from support import wait_until

QUICK = {"task_start": "500ms", "task_stop": "100ms", "work_time": "200ms"}
FLEET = ("FLEET=tags", "WAKE=false", "SCALE_UP_TARGET=2", "SCALE_DOWN_THRESHOLD=0.02",
         "BUSY_WINDOW=1")
SCALER_KEY = "ASIAEMULATEDFUNCTION"
POLICY = {"scale_up_target": 2, "scale_down_threshold": 1, "busy_window": 1}
CHECKS = ("basic", "several", "load", "errors", "trigger manual", "trigger wake",
          "trigger schedule", "trigger tick", "trigger doorbell", "timings")
NAMES = ("mails", "reports", "thumbnails")


def read_tags_anew(emulator):
    """The function reads tags once a minute, and at its start: a process that ends is followed by
    another one."""
    emulator.call("faults", {"operation": "Invocation", "fault": "crash"})
    wait_until(lambda: emulator.call("faults")["faults"][-1]["struck"] == 1,
               what="the end of the function's process")


def checks_of(report):
    return {check["name"]: check for check in report["checks"]}


@pytest.fixture
def verify(run_program, ecs_scaler):
    """verify(emulator, *words, VARIABLE=value) -> (exit code, {service: report}, process)."""

    def run(emulator, *words, **environment):
        process = run_program([ecs_scaler, "verify", "--output", "json", "--poll", "50ms",
                               *words], timeout=100,
                              env={"AWS_ENDPOINT_URL": emulator.endpoint, **environment})
        reports = json.loads(process.stdout()) if process.stdout() else []
        assert isinstance(reports, list), process.output()
        return process.code, {report["service"]: report for report in reports}, process

    return run


@pytest.fixture
def team_of(emulator):
    """team_of(name, ..., **options) -> (emulator, its Team with a tagged service of each name)."""

    def start(*names, **options):
        clock = {"schedule": "1s"} if options.get("lambda_") else {}
        running = emulator(**{**QUICK, **clock, **options})
        team = Team(running.aws)
        for name in names:
            team.add(name)
            team.tag(name, queue=f"jobs-{name}")
        return running, team

    return start


def test_passes_on_the_embedded_aws_with_a_suite_for_each_service(run_program, ecs_scaler,
                                                                  tmp_path):
    report = tmp_path / "verify.xml"
    began = time.monotonic()

    process = run_program([ecs_scaler, "verify", "--emulator", "--fleet", "tags", "--output",
                           "junit", "--report", report], timeout=150)

    assert process.code == 0, process.output()
    assert "3 services passed, 0 failed\n" in process.stdout(), process.output()
    suites = xml.etree.ElementTree.parse(report).getroot().findall("testsuite")
    assert len(suites) == 3 and time.monotonic() - began < 120
    for suite, name in zip(suites, NAMES):
        assert f"verify/{name} (us-east-1" in suite.get("name")
        assert suite.get("failures") == "0"
        cases = [case.get("name") for case in suite.iter("testcase")]
        assert cases == [*CHECKS, "isolation"][:11 if name == NAMES[0] else 10], process.output()
        skipped = [case.get("name") for case in suite.iter("testcase")
                   if case.find("skipped") is not None]
        assert skipped == ["trigger wake"], process.output()  # A fleet lives by ticks.


def test_one_that_is_broken_fails_by_name_and_the_others_pass(team_of, verify, bootstrap):
    running, team = team_of("good", "denied", "lost", "busy", "paused", "fine", lambda_=bootstrap,
                            env=FLEET)
    running.call("faults", {"operation": "UpdateService", "fault": "denied", "count": 100000,
                            "caller": SCALER_KEY, "about": "denied"})
    team.add("wrong")
    team.tag("wrong", queue="jobs-wrong", policy="mode=nonsense")
    team.tag("lost", queue="jobs-nobody-made")
    team.tag("paused", pause="2099-01-01T00:00:00Z")
    team.aws.sqs.send_message(QueueUrl=team.urls["busy"], MessageBody="foreign", DelaySeconds=900)
    read_tags_anew(running)

    code, reports, process = verify(running, "--function", "ecs-scaler", "--check", "basic",
                                    "--patience", "8s")

    assert code == 1, process.output()
    failed = {name: next(check for check in report["checks"] if check["verdict"] == "failed")
              for name, report in reports.items() if not report["passed"]}
    assert {name: check["name"] for name, check in failed.items()} == {
        "denied": "basic", "lost": "access", "busy": "at rest", "paused": "at rest",
        "wrong": "settings"}, process.output()
    assert reports["good"]["passed"] and reports["fine"]["passed"]
    assert failed["denied"]["sentence"].startswith("the service did not leave zero within 8 s")
    assert "jobs-nobody-made" in failed["lost"]["sentence"]
    assert failed["busy"]["sentence"].startswith("it starts only when the queue is empty")
    assert failed["paused"]["sentence"].startswith("it is paused until 2099-01-01T00:00:00Z")
    assert "ecs-scaler:policy: mode: 'nonsense'" in failed["wrong"]["sentence"]
    # Nobody else's message was sent, taken or purged.
    assert {name: report["messages_sent"] for name, report in reports.items()} == {
        "good": 1, "fine": 2, "denied": 1, "lost": 0, "busy": 0, "paused": 0, "wrong": 0}
    assert checks_of(reports["fine"])["isolation"]["verdict"] == "passed", process.output()
    assert sum(running.depth(team.urls["busy"])) == 1


def write_fleet(path, team, *names):
    path.write_text(json.dumps({"defaults": POLICY, "services": [
        {"cluster": "test", "service": name, "queues": [team.urls[name]]} for name in names]}))
    return path


def test_a_controllers_file_needs_no_function(team_of, start_process, run_program, ecs_scaler,
                                              verify, tmp_path):
    running, team = team_of("a", "b")
    fleet = write_fleet(tmp_path / "fleet.json", team, "a", "b")
    start_process([ecs_scaler, "run", "--config", fleet, "--interval", "200ms"],
                  env={"AWS_ENDPOINT_URL": running.endpoint})

    code, reports, process = verify(running, "--config", fleet, "--check", "basic,errors,triggers",
                                    "--patience", "10s")

    assert (code, set(reports)) == (0, {"a", "b"}), process.output()
    for report in reports.values():
        checks = checks_of(report)
        assert checks["basic"]["verdict"] == "passed"
        assert checks["errors"]["verdict"] == "skipped"
        assert "no function is named" in checks["trigger tick"]["sentence"]

    text = run_program([ecs_scaler, "verify", "--config", fleet, "--check", "basic", "--poll",
                        "50ms", "--patience", "10s"], env={"AWS_ENDPOINT_URL": running.endpoint})
    assert text.code == 0, text.output()
    lines = text.stdout().splitlines()
    assert {line for line in lines if line and not line.startswith(" ")} == {
        "test/a", "test/b", lines[-1]}
    assert lines[1].startswith("  passed   basic ")
    assert lines[-1].startswith("3 test messages sent in ")
    assert lines[-1].endswith("; 2 services passed, 0 failed")


def test_services_that_share_a_queue_go_one_after_the_other(team_of, start_process, ecs_scaler,
                                                            verify, tmp_path):
    running, team = team_of("a", "b")
    team.urls["b"] = team.urls["a"]
    fleet = write_fleet(tmp_path / "fleet.json", team, "a", "b")
    start_process([ecs_scaler, "run", "--config", fleet, "--interval", "200ms"],
                  env={"AWS_ENDPOINT_URL": running.endpoint})

    code, reports, process = verify(running, "--config", fleet, "--check", "several",
                                    "--patience", "10s")

    assert "at rest" not in {name for report in reports.values() for name in checks_of(report)}
    assert reports["a"]["started"] != reports["b"]["started"], process.output()
    assert reports["a"]["passed"], (code, process.output())


@pytest.mark.parametrize("env, words, variables, services", [
    # Of the function, of this environment, and of the flag that goes before both.
    (FLEET, ("--function", "ecs-scaler"), {}, {"a", "b"}),
    (FLEET, (), {"ECS_SCALER_FUNCTION": "ecs-scaler"}, {"a", "b"}),
    (FLEET, ("--function", "ecs-scaler"), {"FLEET": "/nowhere.json", "MODE": "nonsense"},
     {"a", "b"}),
    ((), (), {"FLEET": "tags"}, {"a", "b"}),
    ((), ("--fleet", "tags"), {"FLEET": "/nowhere.json"}, {"a", "b"}),
    ((*FLEET, "FLEET_CLUSTERS=other"), ("--fleet", "tags", "--function", "ecs-scaler"), {}, {}),
])
def test_the_fleet_is_the_functions_or_the_environments(team_of, verify, bootstrap, env, words,
                                                        variables, services):
    running, team = team_of("a", "b", lambda_=bootstrap if env else None, env=env)
    for name in ("a", "b"):  # So that each is refused at once.
        team.aws.sqs.send_message(QueueUrl=team.urls[name], MessageBody="x", DelaySeconds=900)
    if not env:
        variables = {**variables, "SCALE_UP_TARGET": "2"}

    code, reports, process = verify(running, *words, **variables)

    assert code == 1, process.output()
    if services:
        assert set(reports) == services, process.output()
        assert {report["checks"][0]["name"] for report in reports.values()} == {"at rest"}
    else:
        assert "settings" in {check["name"] for report in reports.values()
                              for check in report["checks"]} or not reports, process.output()


def test_one_service_of_the_fleet_is_named_by_flags(team_of, run_program, ecs_scaler, bootstrap):
    running, team = team_of("a", "b", lambda_=bootstrap, env=FLEET)

    process = run_program([ecs_scaler, "verify", "--function", "ecs-scaler", "--queue-url",
                           team.urls["a"], "--cluster", "test", "--service", "a", "--check",
                           "basic", "--output", "json", "--poll", "50ms", "--patience", "10s"],
                          env={"AWS_ENDPOINT_URL": running.endpoint})

    assert process.code == 0, process.output()
    report = json.loads(process.stdout())
    assert (report["service"], report["messages_sent"]) == ("a", 1)
    assert team.desired("b") == 0


@pytest.mark.parametrize("env, words, code, told", [
    (("FLEET=/var/task/fleet.json", "WAKE=false"), ("--function", "ecs-scaler"), 3,
     "takes its services from /var/task/fleet.json in its package, which is not here: give that "
     "file with --fleet FILE"),
    ((), ("--function", "ecs-scaler", "--fleet", "tags"), 3,
     "the function ecs-scaler has no FLEET: it serves one service, and none of a fleet"),
    (FLEET, ("--function", "ecs-scaler", "--interactive"), 2, "--interactive is for one service"),
    (FLEET, ("--function", "ecs-scaler"), 1, "the fleet has no service"),
])
def test_says_why_there_is_no_fleet_to_verify(emulator, run_program, ecs_scaler, bootstrap, env,
                                              words, code, told):
    running = emulator(lambda_=bootstrap, env=env, schedule="0s")

    process = run_program([ecs_scaler, "verify", *words],
                          env={"AWS_ENDPOINT_URL": running.endpoint})

    assert process.code == code and told in process.stderr(), process.output()


def test_the_embedded_aws_has_a_fleet_by_tags_only(run_program, ecs_scaler):
    process = run_program([ecs_scaler, "verify", "--emulator", "--fleet", "./fleet.json"])

    assert process.code == 2, process.output()
    assert "--emulator has a fleet of its own: --fleet tags" in process.stderr()


def test_ends_at_once_on_sigint_with_all_that_was_seen(team_of, start_process, ecs_scaler,
                                                       bootstrap):
    running, team = team_of("a", "b", lambda_=bootstrap, env=FLEET, work_time="1h")
    process = start_process([ecs_scaler, "verify", "--function", "ecs-scaler"],
                            env={"AWS_ENDPOINT_URL": running.endpoint})
    wait_until(lambda: all(sum(running.depth(team.urls[name])) for name in ("a", "b")),
               what="the first messages")

    process.popen.send_signal(2)
    began = time.monotonic()

    assert process.wait(20) == 1 and time.monotonic() - began < 10
    assert process.stdout().count("interrupted: ") == 2, process.output()
    assert "0 services passed, 2 failed: test/a" in process.stdout()
    assert sum(running.depth(team.urls["a"])) == 1
