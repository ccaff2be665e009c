"""What a controller tells over HTTP: on any address, with a token, whether it is well, and how."""

import json
import os
import socket
import urllib.error
import urllib.request

import pytest
from fake_aws import FakeAws
from support import answers_http, find_free_port, wait_until

TOKEN = "a-token-of-some-length"


@pytest.fixture
def aws():
    server = FakeAws(["worker"])
    server.queues["worker"] = (3, 1, 0)
    yield server
    server.close()


@pytest.fixture
def start(start_process, ecs_scaler, aws):
    """start("--flag", ..., host="127.0.0.1") -> Controller"""

    def begin(*flags, host="127.0.0.1"):
        process = start_process(
            [ecs_scaler, "run", "--interval", "200ms", "--listen", f"{host}:0", *flags],
            env=environment(aws), ready=lambda one: "controller started" in one.stdout())
        return Controller(process)

    return begin


def environment(aws, **more):
    return {"SQS_QUEUE_URL": aws.queue_url("worker"), "ECS_CLUSTER_NAME": "main",
            "ECS_SERVICE_NAME": "worker", "AWS_ENDPOINT_URL": aws.url, "SCALE_UP_TARGET": 2, **more}


class Controller:
    def __init__(self, process):
        self.process = process
        started = next(json.loads(line) for line in process.stdout().splitlines()
                       if "controller started" in line)
        self.port = started["metrics_port"]

    def get(self, path, token=None, host="127.0.0.1", method=None, named=None):
        """(status, headers, text)"""
        headers = {"Authorization": f"Bearer {token}"} if token else {}
        headers |= {"Host": named} if named else {}
        request = urllib.request.Request(f"http://{host}:{self.port}{path}", headers=headers,
                                         method=method)
        opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
        try:
            with opener.open(request, timeout=10) as answer:
                return answer.status, answer.headers, answer.read().decode()
        except urllib.error.HTTPError as error:
            return error.code, error.headers, error.read().decode()

    def ready(self):
        return self.get("/readyz")[0] == 200


@pytest.mark.parametrize("host, asked", [("0.0.0.0", "127.0.0.1"), ("0.0.0.0", "127.0.0.2"),
                                         ("127.0.0.3", "127.0.0.3"), ("localhost", "127.0.0.1")])
def test_it_listens_on_the_address_that_it_is_told(start, host, asked):
    controller = start(host=host)

    assert controller.get("/healthz", host=asked)[0] == 200
    assert "pass_duration_seconds_count" in controller.get("/metrics", host=asked)[2]
    warned = "--listen-token-file" in controller.process.stdout()
    assert warned == (host == "0.0.0.0")


def test_it_listens_on_the_address_alone(start):
    controller = start(host="127.0.0.3")

    assert not answers_http(f"http://127.0.0.1:{controller.port}/healthz")


def test_it_listens_on_ipv6_and_health_asks_there(start, run_program, ecs_scaler):
    controller = start(host="[::]")

    for host in ("[::1]", "127.0.0.1"):
        assert controller.get("/healthz", host=host)[0] == 200
        asked = run_program([ecs_scaler, "health", "--listen", f"{host}:{controller.port}"])
        assert asked.code == 0, asked.output()


def test_a_name_that_a_web_page_made_its_own_is_refused_over_loopback(start):
    controller = start(host="0.0.0.0")

    assert controller.get("/metrics", named="evil.example")[0] == 403
    assert controller.get("/metrics", named="localhost:9464")[0] == 200


def test_without_its_token_nothing_is_told(start, tmp_path, run_program, ecs_scaler):
    path = tmp_path / "token"
    path.write_text(TOKEN + "\n")
    controller = start("--listen-token-file", path)

    for asked in ("/metrics", "/healthz", "/readyz", "/status", "/", "/nothing"):
        for token in (None, TOKEN + "x", TOKEN[:-1], "", " "):
            status, headers, text = controller.get(asked, token)
            assert (status, headers["WWW-Authenticate"]) == (401, "Bearer")
            assert "worker" not in text and TOKEN not in text
    assert controller.get("/metrics", TOKEN)[0] == 200
    assert TOKEN not in controller.process.stdout()
    listens = ["--listen", f"127.0.0.1:{controller.port}"]
    refused = run_program([ecs_scaler, "health", *listens])
    assert (refused.code, "401" in refused.stderr()) == (1, True)
    for command in ("health", "status"):
        asked = run_program([ecs_scaler, command, *listens, "--listen-token-file", path])
        assert asked.code == 0, asked.output()


def test_a_token_is_read_again_and_a_bad_one_leaves_the_former(start, tmp_path):
    path = tmp_path / "token"
    path.write_text(TOKEN)
    controller = start("--listen-token-file", path)

    def replace(text):
        (tmp_path / "new").write_text(text)
        os.replace(tmp_path / "new", path)
    replace("two words")
    wait_until(lambda: "token not read again" in controller.process.stdout(), what="a line")
    assert controller.get("/metrics", TOKEN)[0] == 200
    replace("another")
    wait_until(lambda: controller.get("/metrics", "another")[0] == 200, what="the new token")
    assert controller.get("/metrics", TOKEN)[0] == 401


@pytest.mark.parametrize("text", [None, "", "two words", "x" * 5000])
def test_a_token_file_that_is_none_is_one_clear_error(run_program, ecs_scaler, aws, tmp_path, text):
    path = tmp_path / "token"
    if text is not None:
        path.write_text(text)

    process = run_program([ecs_scaler, "run", "--listen", "127.0.0.1:0", "--listen-token-file",
                           path], env=environment(aws))

    assert process.code != 0
    assert len(process.stderr().splitlines()) == 1 and str(path) in process.stderr()


def test_a_token_needs_an_address_to_listen_on(run_program, ecs_scaler, aws, tmp_path):
    (tmp_path / "token").write_text(TOKEN)
    process = run_program([ecs_scaler, "run", "--listen-token-file", tmp_path / "token"],
                          env=environment(aws))
    assert (process.code, "--listen" in process.stderr()) == (2, True)


def test_metrics_tell_of_program_process_calls_and_services(start):
    controller = start()
    wait_until(controller.ready, what="a service that was read")

    text = controller.get("/metrics")[2]

    lines = text.splitlines()
    for name, kind in (("ecs_scaler_build_info", "gauge"), ("process_cpu_seconds_total", "counter"),
                       ("process_resident_memory_bytes", "gauge"),
                       ("process_start_time_seconds", "gauge"), ("process_open_fds", "gauge"),
                       ("ecs_scaler_pass_duration_seconds", "histogram"),
                       ("ecs_scaler_aws_call_duration_seconds", "histogram"),
                       ("ecs_scaler_last_success_timestamp_seconds", "gauge")):
        assert f"# TYPE {name} {kind}" in lines
        assert any(line.startswith(f"# HELP {name} ") for line in lines)
    assert "ecs_scaler_services_read_ratio 1" in lines
    assert "ecs_scaler_services 1" in lines
    for service, operation in (("ecs", "DescribeServices"), ("sqs", "GetQueueAttributes")):
        labels = f'service="{service}",operation="{operation}",result="ok"'
        assert any(line.startswith(f"ecs_scaler_aws_call_duration_seconds_count{{{labels}}} ")
                   for line in lines)
    declared = [line.split()[2] for line in lines if line.startswith("# TYPE ")]
    assert len(declared) == len(set(declared))


def test_a_service_that_cannot_be_read_makes_it_unready_and_not_unwell(start, aws):
    aws.before = lambda operation, body: (400, {"__type": "AccessDeniedException"}) \
        if operation == "DescribeServices" else None
    controller = start()
    wait_until(lambda: 'result="denied"' in controller.get("/metrics")[2], what="a refused call")

    assert controller.get("/readyz")[0] == 503
    assert controller.get("/readyz")[2] == "0 of 1 services were read lately\n"
    assert controller.get("/healthz")[0] == 200
    text = controller.get("/metrics")[2]
    assert "ecs_scaler_services_read_ratio 0\n" in text
    assert "ecs_scaler_last_success_timestamp_seconds{" not in text
    status = json.loads(controller.get("/status")[2])
    assert "AccessDeniedException" in status["services"][0]["error"]
    assert "desired" not in status["services"][0]


def test_nothing_can_be_changed_over_it(start):
    controller = start()
    for path in ("/metrics", "/healthz", "/readyz", "/status"):
        for method in ("POST", "PUT", "DELETE", "PATCH"):
            assert controller.get(path, method=method)[0] == 405
        assert controller.get(path, method="HEAD")[0] in (200, 503)


def test_health_is_an_exit_code(start, run_program, ecs_scaler):
    controller = start()
    wait_until(controller.ready, what="a service that was read")
    at = ["--listen", f"127.0.0.1:{controller.port}"]

    for more in ([], ["--ready"]):
        assert run_program([ecs_scaler, "health", *at, *more]).code == 0
    url = f"http://localhost:{controller.port}/"
    assert run_program([ecs_scaler, "health", "--listen", url]).code == 0
    controller.process.stop()
    gone = run_program([ecs_scaler, "health", *at])
    assert gone.code == 1 and len(gone.stderr().splitlines()) == 1
    wrong = run_program([ecs_scaler, "health", "--listen", "nonsense"])
    assert wrong.code == 2, wrong.output()


def test_status_tells_one_line_a_service_from_aws_and_from_a_controller(start, run_program,
                                                                       ecs_scaler, aws):
    def status(*flags):
        process = run_program([ecs_scaler, "status", *flags], env=environment(aws))
        assert process.code == 0, process.output()
        return process.stdout()
    before = status()
    assert aws.changes == []
    assert before.splitlines()[1].split("  ")[0] == "main/worker"
    assert "3 + 1" in before and "0 / 0" in before and "none known" in before
    assert "scale_out: " in before
    controller = start()
    at = ["--listen", f"127.0.0.1:{controller.port}"]
    wait_until(lambda: "2 / 2" in status(*at), what="two tasks in the controller's status")

    lines = status().splitlines()
    assert len(lines) == 2
    assert "2 / 2" in lines[1] and "out, " in lines[1] and "hold: " in lines[1]
    for told in (json.loads(status("--output", "json")),
                 json.loads(status(*at, "--output", "json"))):
        service, = told["services"]
        assert service["cluster"] == "main" and service["service"] == "worker"
        assert (service["visible"], service["in_flight"], service["desired"]) == (3, 1, 2)
        assert (service["changed"], service["action"]) == ("out", "hold")


def test_status_fails_when_something_cannot_be_told(run_program, ecs_scaler, aws):
    port = find_free_port()
    asked = run_program([ecs_scaler, "status", "--listen", f"127.0.0.1:{port}"])
    assert (asked.code, len(asked.stderr().splitlines())) == (1, 1)
    nobody = {"AWS_MAX_ATTEMPTS": 1, "AWS_ENDPOINT_URL": f"http://127.0.0.1:{port}"}
    looked = run_program([ecs_scaler, "status"], env={**environment(aws), **nobody})
    assert looked.code == 1
    assert "unknown" in looked.stdout() and "failed: " in looked.stdout()


@pytest.mark.parametrize("abstract", [False, True])
def test_systemd_hears_that_it_is_ready_alive_and_ending(start_process, ecs_scaler, aws, tmp_path,
                                                         abstract):
    name = f"\0ecs-scaler-test-{os.getpid()}" if abstract else str(tmp_path / "notify")
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as listener:
        listener.bind(name)
        listener.settimeout(10)
        process = start_process([ecs_scaler, "run", "--interval", "200ms"],
                                env=environment(aws, NOTIFY_SOCKET=name.replace("\0", "@")))
        heard = [listener.recv(100).decode() for _ in range(3)]
        process.stop()
        listener.settimeout(0.5)
        try:
            while True:
                heard.append(listener.recv(100).decode())
        except TimeoutError:
            pass
    assert heard[:3] == ["READY=1", "WATCHDOG=1", "WATCHDOG=1"]
    assert heard[-1] == "STOPPING=1"
