"""A fleet file that lies in S3: on moto, and on a store that misbehaves."""

import hashlib
import http.server
import json
import signal
import threading
import time

import pytest
from lambda_host import RuntimeApi
from support import open_url, wait_until

BUCKET, KEY = "scaling", "teams/a b/fleet.json"
SOURCE = f"s3://{BUCKET}/{KEY}"
QUEUE = "https://sqs.us-east-1.amazonaws.com/123456789012/jobs-"


def fleet_of(*names, **policy):
    return json.dumps({"services": [
        {"cluster": "test", "service": name, "queues": [f"{QUEUE}{name}"],
         "policy": {"mode": "fixed", "scale_up_target": 2, **policy}} for name in names]})


class Store(http.server.ThreadingHTTPServer):
    """One object of S3, and what else a store may do: `answer(request)` gives (status, headers,
    body) in place of it; the header Cut promises so many bytes more than come."""

    daemon_threads = True

    def __init__(self):
        self.text, self.answer, self.requests = fleet_of("a"), None, []
        super().__init__(("127.0.0.1", 0), StoreRequest)
        threading.Thread(target=self.serve_forever, daemon=True).start()

    @property
    def url(self):
        return f"http://127.0.0.1:{self.server_port}"

    def version(self):
        return '"' + hashlib.md5(self.text.encode()).hexdigest() + '"'

    def usual(self, request):
        if request.headers.get("If-None-Match") == self.version():
            return 304, {}, b""
        return 200, {"ETag": self.version()}, self.text.encode()


class StoreRequest(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_message(self, *_):
        pass

    def do_GET(self):
        self.server.requests.append((self.path, dict(self.headers)))
        status, headers, body = (self.server.answer or self.server.usual)(self)
        length = len(body)
        if "Cut" in headers:
            length += int(headers.pop("Cut"))
            self.close_connection = True
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        if status != 304:
            self.send_header("Content-Length", str(length))
        self.end_headers()
        self.wfile.write(body)


def refused(status, code, **headers):
    body = f"<?xml version='1.0'?><Error><Code>{code}</Code><Message>no</Message></Error>"
    return lambda request: (status, headers, body.encode())


@pytest.fixture
def store():
    made = Store()
    yield made
    made.shutdown()
    made.server_close()


@pytest.fixture
def cloud(moto):
    """moto with the services a and b at rest, and what a program needs to reach it."""
    moto.ecs.create_cluster(clusterName="test")
    moto.ecs.register_task_definition(family="worker", containerDefinitions=[
        {"name": "worker", "image": "worker", "memory": 128}])
    for name in ("a", "b"):
        moto.sqs.create_queue(QueueName=f"jobs-{name}")
        moto.ecs.create_service(cluster="test", serviceName=name, taskDefinition="worker",
                                desiredCount=0)
    moto.environment = {"AWS_ENDPOINT_URL": moto.endpoint}
    moto.s3 = moto.client("s3")
    return moto


def desired(cloud, name):
    return cloud.ecs.describe_services(cluster="test",
                                       services=[name])["services"][0]["desiredCount"]


def send(cloud, name):
    cloud.sqs.send_message(QueueUrl=cloud.sqs.get_queue_url(QueueName=f"jobs-{name}")["QueueUrl"],
                           MessageBody="work")


def put(cloud, text):
    cloud.s3.put_object(Bucket=BUCKET, Key=KEY, Body=text.encode())


def test_commands_take_a_file_from_s3(cloud, run_program, ecs_scaler):
    cloud.s3.create_bucket(Bucket=BUCKET)
    put(cloud, fleet_of("a"))
    send(cloud, "a")
    for words in (["--fleet", SOURCE], ["--config", SOURCE]):
        process = run_program([ecs_scaler, "once", *words], env=cloud.environment)
        assert process.code == 0, process.output()
        assert desired(cloud, "a") == 2
    shown = run_program([ecs_scaler, "config", SOURCE, "--output", "json"], env=cloud.environment)
    assert shown.code == 0, shown.output()
    assert json.loads(shown.stdout())["services"][0]["service"] == "a"


# The unit of systemd takes 3 for final: after a start before the network there was no controller.
def test_a_controller_whose_store_is_away_may_be_started_again(store, run_program, ecs_scaler):
    environment = {"AWS_ENDPOINT_URL": store.url, "AWS_REGION": "us-east-1",
                   "AWS_ACCESS_KEY_ID": "AKIDEXAMPLE", "AWS_SECRET_ACCESS_KEY": "example"}
    store.answer = refused(503, "SlowDown")
    ended = run_program([ecs_scaler, "run", "--config", SOURCE], env=environment)
    assert ended.code == 1, ended.output()
    assert "SlowDown" in ended.output()


def test_iam_grants_the_object(run_program, ecs_scaler):
    shown = run_program([ecs_scaler, "iam", "--account", "123456789012", "--output", "json"],
                        env={"FLEET": SOURCE})
    assert shown.code == 0, shown.output()
    first = json.loads(shown.stdout())["Statement"][0]
    assert first["Action"] == ["s3:GetObject"]
    assert first["Resource"] == [f"arn:aws:s3:::{BUCKET}/{KEY}"]


class Function:
    """A real `bootstrap` whose fleet lies in S3."""

    def __init__(self, start_process, bootstrap, environment):
        self.api = RuntimeApi()
        self.process = start_process([bootstrap], env={
            "AWS_LAMBDA_RUNTIME_API": self.api.address, "FLEET": SOURCE, "WAKE": "false",
            **environment})

    def invoke(self):
        return self.api.invoke({"source": "aws.events", "detail": {}},
                               "arn:aws:lambda:us-east-1:123456789012:function:scaler", 30)

    def init_error(self):
        kind, _, body = self.api.answers.get(timeout=30)
        assert kind == "init"
        return json.loads(body)["errorMessage"]


@pytest.fixture
def function(start_process, bootstrap):
    made = []

    def start(environment):
        made.append(Function(start_process, bootstrap, environment))
        return made[-1]

    yield start
    for one in made:
        one.api.shutdown()
        one.api.server_close()


def test_the_function_takes_its_fleet_from_moto(cloud, function):
    cloud.s3.create_bucket(Bucket=BUCKET)
    put(cloud, fleet_of("a"))
    send(cloud, "a")
    answer = function(cloud.environment).invoke()
    assert answer["body"]["services"] == 1
    assert desired(cloud, "a") == 2


@pytest.mark.parametrize("answer,told", [
    (refused(403, "AccessDenied"), "AccessDenied"),
    (refused(404, "NoSuchKey"), "NoSuchKey"),
    (refused(301, "PermanentRedirect", **{"x-amz-bucket-region": "eu-west-1"}), "eu-west-1"),
    (lambda request: (200, {"ETag": "1", "Cut": "10"}, fleet_of("a").encode()), "GetObject"),
    (lambda request: (200, {"ETag": "1"}, fleet_of("a")[:-9].encode()), SOURCE),
    (lambda request: (200, {"ETag": "1"}, b" " * 9_000_000), "more than the 8388608"),
    (lambda request: (200, {"ETag": "1"}, b" " * 17_000_000), "larger than 16777216"),
    (lambda request: (200, {"ETag": "1"}, b'{"services": [{"cluster": "x"}]}'), "services[0]"),
    (lambda request: (304, {"ETag": "1"}, b""), "HTTP status 304"),
    (lambda request: (206, {"ETag": "1"}, fleet_of("a").encode()), "HTTP status 206"),
    (lambda request: (time.sleep(20), (200, {}, b""))[1], "before the deadline"),
], ids=["denied", "missing", "redirect", "cut off", "truncated", "huge", "larger", "wrong",
        "unchanged", "a part", "slow"])
def test_without_a_first_document_the_start_fails_by_name(cloud, store, function, answer, told):
    store.answer = answer
    message = function({**cloud.environment, "AWS_ENDPOINT_URL_S3": store.url}).init_error()
    assert message.startswith("FLEET: there is no fleet to begin with: "), message
    assert told in message and SOURCE.split("/")[2] in message


def controller(start_process, ecs_scaler, cloud, store):
    process = start_process(
        [ecs_scaler, "run", "--fleet", SOURCE, "--interval", "200ms", "--listen", "127.0.0.1:0"],
        env={**cloud.environment, "AWS_ENDPOINT_URL_S3": store.url},
        ready=lambda one: "controller started" in one.stdout())
    port = next(json.loads(line) for line in process.stdout().splitlines()
                if "controller started" in line)["metrics_port"]

    def success():
        with open_url(f"http://127.0.0.1:{port}/metrics", timeout=5) as answer:
            return "\necs_scaler_config_reload_success 1\n" in answer.read().decode()

    return process, success


def test_a_running_controller_follows_the_object_and_nothing_bad(
        cloud, store, start_process, ecs_scaler):
    process, success = controller(start_process, ecs_scaler, cloud, store)
    assert success()
    assert store.requests[0][0] == "/scaling/teams/a%20b/fleet.json"

    def reload(text=None, answer=None):
        asked = len(store.requests)
        store.text, store.answer = text or store.text, answer
        process.popen.send_signal(signal.SIGHUP)
        wait_until(lambda: len(store.requests) > asked, what="a request")

    for answer in (refused(403, "AccessDenied"), refused(404, "NoSuchKey"),
                   lambda request: (200, {"ETag": "2"}, b"services: ["),
                   lambda request: (200, {"ETag": "3", "Cut": "5"}, b"{}"),
                   lambda request: (200, {"ETag": "4"}, b'{"services": []')):
        reload(answer=answer)
        wait_until(lambda: not success(), what="a reload that failed")
    assert "the fleet stays as it was" in process.stdout()
    send(cloud, "a")
    wait_until(lambda: desired(cloud, "a") == 2, what="the pass of the fleet as it was")

    reload(text=fleet_of("a", "b"))
    wait_until(success, what="a reload that succeeded")
    send(cloud, "b")
    wait_until(lambda: desired(cloud, "b") == 2, what="the pass of the new service")
    reload()
    assert store.requests[-1][1]["If-None-Match"] == store.version()
    assert process.running()


def test_a_slow_store_holds_no_pass_for_long(cloud, store, start_process, ecs_scaler):
    process, _ = controller(start_process, ecs_scaler, cloud, store)
    store.answer = lambda request: (time.sleep(60), (200, {}, b""))[1]
    send(cloud, "a")
    process.popen.send_signal(signal.SIGHUP)
    began = time.monotonic()
    wait_until(lambda: desired(cloud, "a") == 2, what="the pass")
    assert time.monotonic() - began < 10
