"""Bad configuration: one clear error that names the variable, exit code 3, nothing called."""

import http.server
import json
import socket
import threading

import pytest

# (what is changed in a good environment, the variable that the error must name). None removes it.
BAD = [
    ({"SQS_QUEUE_URL": None}, "SQS_QUEUE_URL"),
    ({"SQS_QUEUE_URL": ""}, "SQS_QUEUE_URL"),
    ({"SQS_QUEUE_URL": "jobs"}, "SQS_QUEUE_URL"),
    ({"SQS_QUEUE_URL": "-1"}, "SQS_QUEUE_URL"),
    ({"SQS_QUEUE_URL": "https://"}, "SQS_QUEUE_URL"),
    ({"SQS_QUEUE_URL": "ftp://sqs.us-east-1.amazonaws.com/123456789012/jobs"}, "SQS_QUEUE_URL"),
    ({"SQS_QUEUE_URL": "https://sqs.us-east-1.amazonaws.com/123456789012/my jobs"}, "SQS_QUEUE_URL"),
    ({"ECS_CLUSTER_NAME": None}, "ECS_CLUSTER_NAME"),
    ({"ECS_CLUSTER_NAME": ""}, "ECS_CLUSTER_NAME"),
    ({"ECS_CLUSTER_NAME": "two words"}, "ECS_CLUSTER_NAME"),
    ({"ECS_CLUSTER_NAME": "c" * 300}, "ECS_CLUSTER_NAME"),
    ({"ECS_SERVICE_NAME": None}, "ECS_SERVICE_NAME"),
    ({"ECS_SERVICE_NAME": ""}, "ECS_SERVICE_NAME"),
    ({"ECS_SERVICE_NAME": "a/b"}, "ECS_SERVICE_NAME"),
    ({"SCALE_UP_TARGET": "-1"}, "SCALE_UP_TARGET"),
    ({"SCALE_UP_TARGET": "many"}, "SCALE_UP_TARGET"),
    ({"SCALE_UP_TARGET": "1.5"}, "SCALE_UP_TARGET"),
    ({"SCALE_UP_TARGET": "99999999999999999999"}, "SCALE_UP_TARGET"),
    ({"SCALE_UP_TARGET": "0x10"}, "SCALE_UP_TARGET"),
    ({"SCALE_DOWN_THRESHOLD": "-1"}, "SCALE_DOWN_THRESHOLD"),
    ({"SCALE_DOWN_THRESHOLD": "soon"}, "SCALE_DOWN_THRESHOLD"),
    ({"SCALE_DOWN_THRESHOLD": "nan"}, "SCALE_DOWN_THRESHOLD"),
    ({"SCALE_DOWN_THRESHOLD": "inf"}, "SCALE_DOWN_THRESHOLD"),
    ({"SCALE_DOWN_THRESHOLD": "1e300"}, "SCALE_DOWN_THRESHOLD"),
    ({"TASKS_MIN": "-1"}, "TASKS_MIN"),
    ({"TASKS_MAX": "1000000000000"}, "TASKS_MAX"),
    ({"MODE": "backlogs"}, "MODE"),
    ({"LOG_LEVEL": "LOUD"}, "LOG_LEVEL"),
    ({"AWS_ENDPOINT_URL": "nowhere"}, "AWS_ENDPOINT_URL"),
]


def label(case):
    (name, value), = case[0].items()
    return f"{name}={'missing' if value is None else value[:24] or 'empty'}"


class ConnectionCounter:
    """Listens on loopback and counts who connects."""

    def __init__(self):
        self.count = 0
        self.socket = socket.create_server(("127.0.0.1", 0))
        self.endpoint = f"http://127.0.0.1:{self.socket.getsockname()[1]}"
        threading.Thread(target=self.listen, daemon=True).start()

    def listen(self):
        while True:
            try:
                connection, _ = self.socket.accept()
            except OSError:
                return
            self.count += 1
            connection.close()


@pytest.fixture
def counter():
    listening = ConnectionCounter()
    yield listening
    listening.socket.close()


def environment(counter, changes):
    return {"SQS_QUEUE_URL": f"{counter.endpoint}/123456789012/jobs", "ECS_CLUSTER_NAME": "main",
            "ECS_SERVICE_NAME": "worker", "AWS_ENDPOINT_URL": counter.endpoint, **changes}


@pytest.mark.parametrize("changes, name", BAD, ids=map(label, BAD))
def test_once_refuses(run_program, ecs_scaler, counter, changes, name):
    process = run_program([ecs_scaler, "once"], env=environment(counter, changes))

    assert process.code == 3, process.output()
    lines = process.stderr().splitlines()
    assert len(lines) == 1 and lines[0].startswith("ecs-scaler: ") and name in lines[0], lines
    assert process.stdout() == ""
    assert counter.count == 0


def test_once_names_everything_that_is_wrong_at_once(run_program, ecs_scaler, counter):
    process = run_program([ecs_scaler, "once"], env=environment(counter, {
        "SQS_QUEUE_URL": None, "ECS_SERVICE_NAME": None, "SCALE_UP_TARGET": "-1"}))

    assert process.code == 3
    for name in ("SQS_QUEUE_URL", "ECS_SERVICE_NAME", "SCALE_UP_TARGET"):
        assert name in process.stderr()
    assert counter.count == 0


def test_the_unchanged_environment_is_accepted(run_program, ecs_scaler, counter):
    process = run_program([ecs_scaler, "once"], env=environment(counter, {}))

    assert process.code == 1, process.output()  # Nobody answers, but the configuration was good.
    assert counter.count > 0


@pytest.mark.parametrize("arguments", [
    ["once", "--dry"], ["twice"], [], ["once", "--output", "xml"], ["emulate", "--port", "70000"],
    ["run", "--interval", "-3s"]])
def test_wrong_usage_is_exit_code_2(run_program, ecs_scaler, arguments):
    process = run_program([ecs_scaler, *arguments])

    assert process.code == 2, process.output()
    assert process.stderr() != ""


def test_config_takes_its_file_as_other_commands_do(run_program, ecs_scaler, tmp_path):
    queue = "https://sqs.us-east-1.amazonaws.com/123456789012/jobs"
    for name, tasks in (("a.yaml", 2), ("b.yaml", 3)):
        (tmp_path / name).write_text(
            f"services: [{{cluster: c, service: s, queues: [{queue}],"
            f" policy: {{scale_up_target: {tasks}}}}}]")

    def config(*words):
        process = run_program([ecs_scaler, "config", *words], env={"AWS_REGION": "us-east-1"})
        return process.code, process.stdout(), process.stderr()

    first, second = tmp_path / "a.yaml", tmp_path / "b.yaml"
    for words in ((), ("--output", "json"), ("--diff", second)):
        by_word, by_flag = config(first, *words), config("--config", first, *words)
        assert by_flag == by_word and "c" in by_word[1], by_flag
    assert config("--config", first)[0] == 0
    both = config(first, "--config", second)
    assert (both[0], both[2]) == (2, "ecs-scaler config: FILE and --config exclude each other\n")


def test_config_warns_of_a_window_in_which_counts_may_be_late(run_program, ecs_scaler, tmp_path):
    def warning(policy):
        (tmp_path / "fleet.json").write_text(json.dumps({"services": [
            {"cluster": "c", "service": "s", "policy": policy,
             "queues": ["https://sqs.us-east-1.amazonaws.com/123456789012/jobs"]}]}))
        process = run_program([ecs_scaler, "config", tmp_path / "fleet.json"],
                              env={"AWS_REGION": "us-east-1"})
        assert process.code == 0, process.output()
        return process.stderr()

    assert "warning: busy_window is 59 s for c/s: SQS's counts may be" in warning(
        {"busy_window": 59})
    for sure in ({}, {"busy_window": 60}, {"busy_window": 0, "scale_in_when": "protected"}):
        assert warning(sure) == "", sure


class RuntimeApi:
    """Enough of Lambda's Runtime API to see an init error."""

    def __init__(self):
        requests = self.requests = []

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self):
                length = int(self.headers.get("Content-Length", 0))
                requests.append((self.path, dict(self.headers), self.rfile.read(length)))
                self.answer(202)

            def do_GET(self):
                requests.append((self.path, dict(self.headers), b""))
                self.answer(500)

            def answer(self, status):
                self.send_response(status)
                self.send_header("Content-Length", "0")
                self.end_headers()

            def log_message(self, *_):
                pass

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.address = f"127.0.0.1:{self.server.server_address[1]}"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()


@pytest.fixture
def runtime_api():
    api = RuntimeApi()
    yield api
    api.server.shutdown()
    api.server.server_close()


@pytest.mark.parametrize("changes, name", BAD, ids=map(label, BAD))
def test_bootstrap_reports_it(run_program, bootstrap, counter, runtime_api, changes, name):
    process = run_program([bootstrap], env=environment(
        counter, {"AWS_LAMBDA_RUNTIME_API": runtime_api.address, **changes}))

    assert process.code != 0
    assert [path for path, _, _ in runtime_api.requests] == ["/2018-06-01/runtime/init/error"]
    _, headers, body = runtime_api.requests[0]
    error = json.loads(body)
    assert name in error["errorMessage"], error
    assert error["errorType"]
    assert "Lambda-Runtime-Function-Error-Type" in {key.title() for key in headers}
    assert counter.count == 0


def test_bootstrap_outside_of_lambda_says_so(run_program, bootstrap, counter):
    process = run_program([bootstrap], env=environment(counter, {}))

    assert process.code != 0
    assert "AWS_LAMBDA_RUNTIME_API" in process.stdout() + process.stderr()
    assert counter.count == 0


def test_config_warns_of_a_shared_queue_and_of_no_limit(run_program, ecs_scaler, tmp_path):
    queue = "https://sqs.us-east-1.amazonaws.com/123456789012/jobs"

    def warnings(*policies):
        services = [{"cluster": "c", "service": f"s{i}", "queues": [f"{queue}{name}"],
                     "policy": policy} for i, (name, policy) in enumerate(policies)]
        (tmp_path / "fleet.json").write_text(json.dumps({"services": services}))
        process = run_program([ecs_scaler, "config", tmp_path / "fleet.json"])
        assert process.code == 0, process.output()
        return [line.removeprefix("ecs-scaler: ") for line in process.stderr().splitlines()]

    limited = {"mode": "backlog", "backlog_per_task": 1, "tasks_max": 3}
    assert warnings(("a", limited), ("b", {}), ("c", {})) == []
    assert warnings(("a", limited), ("a", {})) == [
        f"warning: {queue}a is the job queue of c/s0, c/s1: each of them starts tasks for all of "
        "its messages"]
    assert warnings(("a", {"mode": "backlog", "backlog_per_task": 1})) == [
        "warning: tasks_max is not set for c/s0: a long queue starts up to 5000 tasks, which is "
        "all that ECS allows"]
