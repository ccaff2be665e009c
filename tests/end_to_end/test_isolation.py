"""No old look, no neighbour, no refused step: what the program does when the parts of its knowledge
come at different times, and when one of a fleet is denied, slow or gone. `SCALER_PAIRS=1000` makes
more of the overlapping invocations (ten minutes)."""

import http.server
import json
import os
import random
import threading
import time
import urllib.error
import urllib.request

import pytest

from fake_aws import ACCOUNT, FakeAws
from lambda_host import RuntimeApi
from support import TEST_KEYS, wait_until

PAIRS = int(os.environ.get("SCALER_PAIRS", "60"))
FUNCTION = f"arn:aws:lambda:us-east-1:{ACCOUNT}:function:scaler"
SCHEDULE = {"source": "aws.events", "detail": {}}


def environment(aws, **more):
    return {**TEST_KEYS, "AWS_REGION": "us-east-1", "AWS_ENDPOINT_URL": aws.url,
            "SQS_QUEUE_URL": aws.queue_url("worker"), "ECS_CLUSTER_NAME": "main",
            "ECS_SERVICE_NAME": "worker", "MODE": "backlog", "BACKLOG_PER_TASK": "1",
            "TASKS_MAX": "50", **more}


@pytest.fixture
def start_function(start_process, bootstrap):
    """start_function(aws, **variables) -> RuntimeApi before a real bootstrap."""
    apis = []

    def start(aws, **variables):
        apis.append(RuntimeApi())
        start_process([bootstrap], env={**environment(aws, **variables),
                                        "AWS_LAMBDA_RUNTIME_API": apis[-1].address,
                                        "AWS_LAMBDA_FUNCTION_NAME": "scaler"})
        return apis[-1]

    yield start
    for api in apis:
        api.shutdown()
        api.server_close()


def write_fleet(path, aws, names, **policy):
    path.write_text(json.dumps({
        "defaults": {"mode": "backlog", "backlog_per_task": 1, "tasks_max": 50, "busy_window": 1,
                     "scale_down_threshold": 1, **policy},
        "services": [{"cluster": "main", "service": name, "queues": [aws.queue_url(name)]}
                     for name in names]}))


# --- no old look ---------------------------------------------------------------------------------

def test_a_function_whose_queue_answers_late_lowers_nobodys_count(make_fake_aws, start_function):
    aws = make_fake_aws()
    aws.services["worker"], aws.queues["worker"] = 2, (0, 5, 0)
    late = iter([3])

    def before(operation, _):
        if operation == "GetQueueAttributes":
            time.sleep(next(late, 0))

    aws.before = before
    person = threading.Timer(1, aws.set, ("worker", 10))
    person.start()
    start_function(aws).invoke(SCHEDULE, FUNCTION, 20)
    person.join()

    assert aws.services["worker"] == 10
    assert not [change for change in aws.changes if change[3] < change[2]]


def test_a_controller_beside_a_queue_that_hangs_stops_nobody_at_work(
        emulator, start_process, ecs_scaler, tmp_path):
    """A proxy holds the calls that name the other queue; a person raises the count meanwhile."""
    running = emulator(service="mine", queue="mine", task_start="100ms", work_time="20s")
    ecs = running.aws.ecs
    definition = ecs.describe_services(cluster="test", services=["mine"])["services"][0]
    ecs.create_service(cluster="test", serviceName="other", desiredCount=0,
                       taskDefinition=definition["taskDefinition"])
    fleet = tmp_path / "fleet.json"
    fleet.write_text(json.dumps({
        "defaults": {"mode": "backlog", "backlog_per_task": 1, "tasks_max": 50},
        "services": [{"cluster": "test", "service": "other",
                      "queues": [running.queue_url.replace("/mine", "/other")]},
                     {"cluster": "test", "service": "mine", "queues": [running.queue_url]}]}))
    running.send(4)
    proxy = HoldingProxy(running.endpoint, "/other")
    try:
        start_process([ecs_scaler, "run", "--config", fleet, "--interval", "1s"],
                      env={**TEST_KEYS, "AWS_REGION": "us-east-1", "AWS_ENDPOINT_URL": proxy.url})
        wait_until(lambda: running.tasks()[0] == 4, 20, what="the first four tasks")
        running.send(8)
        # A count that is raised between a look and its own change cannot be seen by anybody.
        wait_until(lambda: running.tasks()[0] == 12, 20, what="the change to twelve tasks")
        ecs.update_service(cluster="test", service="mine", desiredCount=14)
        wait_until(lambda: running.tasks()[1] >= 12, 20, what="the tasks at work")
        time.sleep(5)  # Five passes, in each of which the other queue hangs.
        assert running.tasks()[0] == 14
        assert running.call("status")["totals"]["killed_while_working"] == 0
    finally:
        proxy.close()


class HoldingProxy(FakeAws):
    """Passes calls on, but for those that name `held`, which it never answers."""

    def __init__(self, endpoint, held):
        super().__init__(())
        self.endpoint, self.held = endpoint, held
        self.over = threading.Event()

    def close(self):
        self.over.set()
        super().close()

    def finish_request(self, request, client_address):
        ProxyRequest(request, client_address, self)


class ProxyRequest(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_message(self, *_):
        pass

    def do_POST(self):
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        target = self.headers.get("X-Amz-Target", "")
        if target.endswith("GetQueueAttributes") and self.server.held.encode() in body:
            self.server.over.wait(60)
            return
        headers = {name: value for name, value in self.headers.items()
                   if name.lower() not in ("host", "content-length", "connection")}
        request = urllib.request.Request(self.server.endpoint + self.path, body, headers)
        try:
            with urllib.request.urlopen(request, timeout=30) as answer:
                status, text = answer.status, answer.read()
        except urllib.error.HTTPError as error:
            status, text = error.code, error.read()
        self.send_response(status)
        self.send_header("Content-Length", str(len(text)))
        self.end_headers()
        self.wfile.write(text)


def test_overlapping_invocations_lower_no_count_that_stands(make_fake_aws, start_function):
    """Two sandboxes get an event each at the same moment, their answers come after 0 to 300 ms, and
    messages come in meanwhile: in the end the count is what is needed, in the same passes."""
    aws = make_fake_aws()
    chance = random.Random(1)
    aws.before = lambda operation, _: (
        time.sleep(chance.uniform(0, 0.3)) if operation == "GetQueueAttributes" else None)
    functions = [start_function(aws), start_function(aws)]
    for pair in range(PAIRS):
        with aws.lock:
            aws.services["worker"], aws.queues["worker"] = 0, (5, 0, 0)
            aws.tags.clear()
            aws.changes.clear()
        threads = [threading.Thread(target=function.invoke, args=(SCHEDULE, FUNCTION, 20))
                   for function in functions]
        for thread in threads:
            thread.start()
        time.sleep(chance.uniform(0, 0.4))
        aws.queues["worker"] = (10, 0, 0)
        for thread in threads:
            thread.join()
        stood = {}
        for at, _, before, after in aws.changes:
            if after < before:
                assert at - stood.get(before, at) < 1, (pair, aws.changes)
            stood[after] = at
        looks_after = [at for at, *_ in aws.changes]
        if aws.services["worker"] != 10:
            # Both had looked for the last time before the messages came.
            assert aws.services["worker"] == 5 and looks_after, (pair, aws.changes)


# --- no neighbour --------------------------------------------------------------------------------

@pytest.mark.parametrize("error", [
    {"__type": "AccessDeniedException", "message": "not authorized"},
    {"__type": "InvalidParameterException", "message": "Identifier is for cluster other"},
    {"__type": "ClusterNotFoundException", "message": "Cluster not found."},
])
def test_a_member_that_is_refused_costs_nobody_else_a_decision(
        error, make_fake_aws, run_program, ecs_scaler, tmp_path):
    names = [f"s{i}" for i in range(12)]
    aws = make_fake_aws(*names)
    for name in names:
        aws.queues[name] = (3, 0, 0)
    aws.before = lambda operation, body: (
        (400, error) if operation == "DescribeServices" and "s7" in body["services"] else None)
    write_fleet(tmp_path / "fleet.json", aws, names)

    process = run_program([ecs_scaler, "once", "--config", tmp_path / "fleet.json"],
                          env=environment(aws))

    assert process.code == 1 and "s7" in process.stderr(), process.output()
    assert aws.services == {name: 0 if name == "s7" else 3 for name in names}


def test_a_slow_queue_delays_nobody_elses_scale_in(
        make_fake_aws, start_process, ecs_scaler, tmp_path):
    names = [f"s{i}" for i in range(6)]
    aws = make_fake_aws(*names)
    aws.services = dict.fromkeys(names, 4)

    def before(operation, body):
        if operation == "GetQueueAttributes" and body["QueueUrl"].endswith("s5"):
            time.sleep(0.6)

    aws.before = before
    write_fleet(tmp_path / "fleet.json", aws, names)
    start_process([ecs_scaler, "run", "--config", tmp_path / "fleet.json", "--interval", "500ms"],
                  env=environment(aws))

    wait_until(lambda: all(aws.services[name] == 0 for name in names[:5]), 15,
               what="the five scale in")


def test_a_link_that_is_slow_as_a_whole_still_scales_in(make_fake_aws, start_process, ecs_scaler):
    aws = make_fake_aws()
    aws.services["worker"] = 4
    aws.before = lambda *_: time.sleep(0.5)
    start_process([ecs_scaler, "run", "--interval", "1s"],
                  env=environment(aws, SCALE_DOWN_THRESHOLD="0.02", BUSY_WINDOW="1"))

    wait_until(lambda: aws.services["worker"] == 0, 30, what="the scale-in")


# --- a tag that others own ------------------------------------------------------------------------

def test_a_tag_that_is_stripped_all_the_time_delays_no_scale_in(
        make_fake_aws, start_process, ecs_scaler):
    aws = make_fake_aws()
    aws.services["worker"] = 4
    aws.before = lambda *_: aws.tags.clear()
    start_process([ecs_scaler, "run", "--interval", "500ms"],
                  env=environment(aws, SCALE_DOWN_THRESHOLD="0.05", BUSY_WINDOW="1"))

    wait_until(lambda: aws.services["worker"] == 0, 15, what="the scale-in")


def test_a_tag_that_cannot_be_written_is_said_and_fails_nothing(
        make_fake_aws, run_program, ecs_scaler):
    aws = make_fake_aws()
    aws.queues["worker"] = (3, 0, 0)
    aws.before = lambda operation, _: (
        (400, {"__type": "InvalidParameterException", "message": "Long arn format must be used"})
        if operation == "TagResource" else None)

    process = run_program([ecs_scaler, "once"], env=environment(aws))

    assert (process.code, aws.services["worker"]) == (0, 3), process.output()
    assert "the state tag cannot be written" in process.stderr()


def test_a_refused_step_is_tried_smaller(make_fake_aws, run_program, ecs_scaler):
    aws = make_fake_aws()
    aws.queues["worker"] = (3000, 0, 0)
    aws.before = lambda operation, body: (
        (400, {"__type": "InvalidParameterException", "message": "quota"})
        if operation == "UpdateService" and body["desiredCount"] > 1000 else None)

    process = run_program([ecs_scaler, "once"], env=environment(aws, TASKS_MAX="5000"))

    assert (process.code, aws.services["worker"]) == (0, 750), process.output()
    assert "set tasks_max" in process.stderr()


def test_once_says_which_distance_would_be_right(make_fake_aws, run_program, ecs_scaler):
    aws = make_fake_aws()
    aws.services["worker"], aws.queues["worker"] = 2, (0, 1, 0)
    # Version 2 wrote this two hours and more ago.
    aws.tags["worker"] = [{"key": "ecs-scaler:state",
                           "value": "v2 empty=1795435140:2 set=3 crc=42e29dca"}]

    process = run_program([ecs_scaler, "once"], env=environment(aws))

    assert "say --every " in process.stderr(), process.output()
    assert aws.services["worker"] == 2
