"""The live page's data: what the controller, the embedded AWS and the demo tell it, and to whom."""

import base64
import json
import re
import socket
import threading
import time
import urllib.error
import urllib.parse
import urllib.request

import pytest

from fake_aws import FakeAws
from support import wait_until

TOKEN = "a-token-of-some-length"
OPENER = urllib.request.build_opener(urllib.request.ProxyHandler({}))


@pytest.fixture
def aws():
    server = FakeAws(["worker"])
    yield server
    server.close()


@pytest.fixture
def controller(start_process, ecs_scaler, aws):
    """controller("--flag", ...) -> (process, "http://127.0.0.1:<port>")"""

    def start(*flags):
        environment = {"SQS_QUEUE_URL": aws.queue_url("worker"), "ECS_CLUSTER_NAME": "main",
                       "ECS_SERVICE_NAME": "worker", "AWS_ENDPOINT_URL": aws.url,
                       "MODE": "backlog", "BACKLOG_PER_TASK": 10, "TASKS_MAX": 20}
        process = start_process(
            [ecs_scaler, "run", "--interval", "200ms", "--listen", "127.0.0.1:0", *flags],
            env=environment, ready=lambda one: "controller started" in one.stdout())
        started = next(json.loads(line) for line in process.stdout().splitlines()
                       if "controller started" in line)
        return process, f"http://127.0.0.1:{started['metrics_port']}"

    return start


def get(url, **headers):
    """(status, headers, text)"""
    request = urllib.request.Request(url, headers={name.replace("_", "-"): value
                                                   for name, value in headers.items()})
    try:
        with OPENER.open(request, timeout=10) as answer:
            return answer.status, answer.headers, answer.read().decode()
    except urllib.error.HTTPError as error:
        return error.code, error.headers, error.read().decode()


def fleet(url, **headers):
    return json.loads(get(f"{url}/api/fleet", **headers)[2])


def service(url, name):
    return json.loads(get(f"{url}/api/service?id={urllib.parse.quote(name, safe='')}")[2])


class Events(threading.Thread):
    """Listens; `heard` are (moment, kind, data)."""

    def __init__(self, url, revision, **headers):
        super().__init__(daemon=True)
        request = urllib.request.Request(f"{url}/events?since={revision}", headers=headers)
        self.answer = OPENER.open(request, timeout=30)
        self.heard, self.ended = [], False
        self.start()

    def run(self):
        kind = None
        try:
            for line in self.answer:
                name, _, value = line.decode().rstrip("\n").partition(": ")
                kind = value if name == "event" else kind
                if name == "data":
                    self.heard.append((time.monotonic(), kind, json.loads(value)))
        except (OSError, ValueError):
            pass
        self.ended = True

    def leave(self):
        """Closing would wait for the thread that reads."""
        self.answer.fp.raw._sock.shutdown(socket.SHUT_RDWR)  # pylint: disable=protected-access

    def first(self, condition):
        """The moment of the first event that tells a service of which the condition holds."""
        def found():
            return next((at for at, _, data in list(self.heard)
                         for row in data.get("services", []) if condition(row)), None)
        return wait_until(found, what="an event")


def test_a_scale_out_is_told_within_a_second_of_its_pass(controller, aws):
    _, url = controller()
    wait_until(lambda: [row for row in fleet(url)["services"] if row.get("desired") == 0],
               what="a first look")
    events = Events(url, fleet(url)["revision"])
    aws.queues["worker"] = (95, 0, 0)

    told = events.first(lambda row: row.get("desired") == 10 or row["action"] == "scale_out")

    changed = wait_until(lambda: aws.changes, what="UpdateService")[0][0]
    assert told - changed < 1
    told = service(url, "main/worker")
    decided = [index for index, action in enumerate(told["points"]["action"])
               if action == "scale_out"]
    steps = told["points"]["decisions"][told["points"]["steps"][decided[0]]]
    assert steps[0]["rule"] == "backlog"
    assert "95 visible" in steps[0]["note"] and steps[0]["tasks"] == 10
    assert told["points"]["visible"][-1] == 95 and told["service"]["desired"] == 10


def test_what_a_page_missed_it_hears_when_it_comes_back(controller, aws):
    _, url = controller()
    wait_until(lambda: fleet(url)["services"], what="a first look")
    known = fleet(url)["revision"]
    aws.queues["worker"] = (95, 0, 0)
    wait_until(lambda: fleet(url)["services"][0].get("desired") == 10, what="a scale-out")

    events = Events(url, "another-1", **{"Last-Event-ID": known})

    events.first(lambda row: row.get("desired") == 10)
    stranger = Events(url, "another-1")
    wait_until(lambda: stranger.heard, what="an event")
    assert stranger.heard[0][1] == "reset"


def test_only_so_many_listen_and_who_leaves_makes_room(controller):
    _, url = controller()
    revision = fleet(url)["revision"]
    listening = [Events(url, revision) for _ in range(64)]

    with pytest.raises(urllib.error.HTTPError) as refused:
        Events(url, revision)

    assert refused.value.code == 503
    assert get(f"{url}/healthz")[0] == 200
    listening.pop().leave()
    wait_until(lambda: get_stream_status(url, revision) == 200, what="room for another")


def get_stream_status(url, revision):
    try:
        with OPENER.open(f"{url}/events?since={revision}", timeout=5) as answer:
            return answer.status
    except urllib.error.HTTPError as error:
        return error.code


def test_readers_that_never_read_delay_no_pass_and_no_stop(controller, aws):
    process, url = controller()
    address = urllib.parse.urlsplit(url)
    slow = []
    for _ in range(40):
        peer = socket.create_connection((address.hostname, address.port))
        peer.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1024)
        peer.sendall(b"GET /events HTTP/1.1\r\nHost: localhost\r\n\r\n")
        slow.append(peer)

    before = len(aws.calls)
    started = time.monotonic()
    wait_until(lambda: len(aws.calls) > before + 40, what="passes that go on")
    assert time.monotonic() - started < 15, "20 passes of 200 ms"
    stopped = time.monotonic()
    assert process.stop() == 0
    assert time.monotonic() - stopped < 2
    for peer in slow:
        peer.close()


def test_nothing_of_it_can_be_changed_or_taken_by_other_pages(controller):
    _, url = controller()
    for path in ("/", "/api/fleet", "/api/service?id=main/worker", "/events"):
        for method in ("POST", "PUT", "DELETE", "PATCH"):
            request = urllib.request.Request(url + path, method=method)
            with pytest.raises(urllib.error.HTTPError) as refused:
                OPENER.open(request, timeout=5)
            assert refused.value.code == 405, (path, method)
        assert get(url + path, Host="evil.example")[0] == 403
        if path != "/":
            assert get(url + path, Sec_Fetch_Site="cross-site")[0] == 403
    with OPENER.open(urllib.request.Request(f"{url}/events", method="HEAD"), timeout=5) as answer:
        assert answer.headers["Content-Type"] == "text/event-stream"


def test_a_browser_brings_the_token_as_a_password(controller, tmp_path):
    path = tmp_path / "token"
    path.write_text(TOKEN)
    _, url = controller("--listen-token-file", path)

    status, headers, text = get(f"{url}/")

    assert status == 401 and "worker" not in text
    assert headers.get_all("WWW-Authenticate") == ["Bearer", 'Basic realm="ecs-scaler"']
    for user in ("", "anyone"):
        brought = "Basic " + base64.b64encode(f"{user}:{TOKEN}".encode()).decode()
        assert "<title>" in get(f"{url}/", Authorization=brought)[2]
        wait_until(lambda b=brought: fleet(url, Authorization=b)["services"], 20, what="a pass")
        assert Events(url, "x", Authorization=brought).answer.status == 200
    for wrong in (TOKEN, f"{TOKEN}:", f":{TOKEN}x", ":"):
        brought = "Basic " + base64.b64encode(wrong.encode()).decode()
        for path in ("/", "/api/fleet", "/events", "/metrics"):
            assert get(f"{url}{path}", Authorization=brought)[0] == 401


def test_what_is_asked_wrongly_is_said(controller):
    _, url = controller()
    assert get(f"{url}/api/service")[0] == 400
    assert get(f"{url}/api/service?id=main/worker&since=noon")[0] == 400
    assert get(f"{url}/api/service?id=%00%ff/../x")[0] == 404
    assert "/metrics" in get(f"{url}/nothing")[2]


def test_the_embedded_aws_tells_what_its_function_decided(start_job):
    job = start_job(env=["MODE=backlog", "BACKLOG_PER_TASK=2", "TASKS_MAX=4"])
    url = job.emulator.endpoint
    assert "<title>" in get(f"{url}/")[2]
    events = Events(url, fleet(url)["revision"])
    job.emulator.send(6)

    events.first(lambda row: row.get("desired", 0) > 0)

    told = wait_until(lambda: [steps for steps in service(url, "test/worker")["points"]["decisions"]
                               if steps], what="the function's decision")
    assert re.search(r"per task -> \d", json.dumps(told)), told
    assert fleet(url)["shows"] == "embedded AWS"


def test_aws_clients_of_the_embedded_aws_notice_nothing(emulator):
    running = emulator()
    for query in ("?Action=ListQueues", ""):
        headers = {"Authorization": "AWS4-HMAC-SHA256 Credential=x"}
        assert "<title>" not in get(f"{running.endpoint}/{query}", **headers)[2]
    assert "<title>" not in get(f"{running.endpoint}/?Action=ListQueues")[2]
    assert running.aws.sqs.list_queues()["QueueUrls"]


def test_the_demo_keeps_its_page_until_it_is_stopped(start_process, ecs_scaler):
    process = start_process([ecs_scaler, "demo", "--page", "--messages", "2"],
                            ready=lambda one: "The live page: " in one.stdout())
    url = re.search(r"The live page: (\S+)/\n", process.stdout())[1]

    assert "<title>" in get(f"{url}/")[2]
    assert fleet(url)["shows"] == "demo"
    wait_until(lambda: service(url, "demo/workers")["points"]["from"], what="a point")
    stopped = time.monotonic()
    process.stop()
    assert time.monotonic() - stopped < 5
