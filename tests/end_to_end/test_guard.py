"""`ecs-guard`: a worker's messages are handed over only while its task is protected."""

import gzip
import http.client
import json
import os
import pathlib
import pty
import select
import signal
import sys
import threading
import time
import urllib.parse

import pytest
from fake_task import ACCOUNT, Broken, FakeTask
from support import find_free_port, ignoring_children, wait_until

pytestmark = pytest.mark.long
AGENT_DENIES = (400, {"error": {"Arn": "arn", "Code": "AccessDeniedException",
                                "Message": "not authorized to perform: ecs:UpdateTaskProtection"}})
BLOCKED = (200, {"failure": {"Arn": "arn", "Detail": "d", "Reason": "DEPLOYMENT_BLOCKED"}})
NOT_VALID = (200, {"failure": {"Arn": "arn", "Detail": "d", "Reason": "TASK_NOT_VALID"}})


@pytest.fixture
def make_task():
    made = []

    def make(**options):
        made.append(FakeTask(**options))
        return made[-1]

    yield make
    for task in made:
        task.close()


@pytest.fixture
def task(make_task):
    return make_task()


class Worker:
    """A worker by hand: one kept connection to the guard."""

    def __init__(self, url, queue_url):
        self.place, self.queue_url = urllib.parse.urlparse(url).netloc, queue_url
        self.connection = http.client.HTTPConnection(self.place, timeout=60)

    def call(self, operation, **body):
        """(status, JSON)."""
        self.connection.request("POST", "/", json.dumps({"QueueUrl": self.queue_url, **body}), {
            "X-Amz-Target": f"AmazonSQS.{operation}", "Content-Type": "application/x-amz-json-1.0"})
        answer = self.connection.getresponse()
        return answer.status, json.loads(answer.read() or b"{}")

    def receive(self, wait=0, count=1, **body):
        """The messages, which may be none."""
        status, answer = self.call("ReceiveMessage", WaitTimeSeconds=wait,
                                   MaxNumberOfMessages=count, **body)
        assert status == 200, answer
        return answer.get("Messages", [])

    def delete(self, message):
        assert self.call("DeleteMessage", ReceiptHandle=message["ReceiptHandle"])[0] == 200


class Guard:
    def __init__(self, process, task):
        self.process = process
        line = next(line for line in process.stderr().splitlines() if "guarding" in line)
        self.url = json.loads(line)["endpoint"]
        self.queue_url = task.queue_url

    def worker(self):
        return Worker(self.url, self.queue_url)

    def status(self):
        connection = http.client.HTTPConnection(urllib.parse.urlparse(self.url).netloc, timeout=10)
        connection.request("GET", "/guard/status")
        return json.loads(connection.getresponse().read())

    def warnings(self):
        return [json.loads(line) for line in self.process.stderr().splitlines()
                if '"level":"WARN"' in line]


@pytest.fixture
def sidecar(start_process, ecs_guard):
    """sidecar(task, "--flag") -> Guard: `ecs-guard serve` in that task."""

    def start(task, *flags, **env):
        process = start_process([ecs_guard, "serve", "--port", "0", *flags],
                                env={**task.environment(), **env},
                                ready=lambda process: "guarding" in process.stderr())
        return Guard(process, task)

    return start


@pytest.fixture
def run_worker(start_process, ecs_guard, tmp_path):
    """run_worker(task, python text, "--flag") -> process: `ecs-guard -- python` of that text."""

    def start(task, text, *flags, below_shell=False, **env):
        path = tmp_path / "worker.py"
        path.write_text(f"import sys\nsys.path[:0] = {sys.path!r}\n" + text)
        script = ["sh", "-c", f"{sys.executable} {path}; exit 3"] if below_shell else []
        return start_process([ecs_guard, *flags, "--", *(script or [sys.executable, path])],
                             env={**task.environment(), **env})

    return start


# --- hand-over ------------------------------------------------------------------------------------


def test_a_message_is_handed_over_under_protection_and_let_go_after_it(task, sidecar):
    guard = sidecar(task, "--linger", "1s")
    worker = guard.worker()
    assert worker.receive() == []
    task.send("a")

    [message] = worker.receive(wait=5)

    assert task.is_protected()
    assert guard.status()["held"] == 1
    assert guard.status()["handed_over_unprotected"] == 0
    worker.delete(message)
    assert guard.status()["held"] == 0
    assert task.deleted == ["a"] and task.given_back == []


def test_calls_are_signed_anew_with_the_tasks_own_credentials(task, sidecar):
    worker = sidecar(task).worker()
    worker.receive()
    assert task.signed and all("Credential=ASIATASK/" in header and "/us-east-1/sqs/" in header
                               for header in task.signed)


def test_a_refused_task_gives_its_messages_back_once_and_asks_with_empty_hands(task, sidecar):
    guard = sidecar(task)
    worker = guard.worker()
    worker.receive()  # The first ask is allowed, so that the next comes with a message in hand.
    task.protected_until = None
    task.before = lambda operation, _: BLOCKED if operation == "protect" else None
    wait_until(lambda: not guard.status()["protected"] or worker.receive(), 150,
               what="the end of the first protection")
    task.send("a")

    assert worker.receive(wait=1) == []
    assert worker.receive(wait=1) == []

    assert task.given_back.count("a") <= 1
    assert guard.status()["blocked"]
    task.before = lambda *_: None
    wait_until(lambda: worker.receive(wait=2), 20, what="the message")


def test_a_task_that_is_to_stop_gets_nothing_more(task, sidecar):
    task.before = lambda operation, _: NOT_VALID if operation == "protect" else None
    guard = sidecar(task)
    worker = guard.worker()
    task.send("a")
    assert worker.receive(wait=1) == []
    assert worker.receive(wait=1) == []
    assert guard.status()["handed_over"] == 0


@pytest.mark.parametrize("answer", [AGENT_DENIES, (500, {"error": {"Code": "ServerException"}}),
                                    (400, {"error": {"Code": "ThrottlingException"}}),
                                    (404, b"404 page not found"), (200, b"<html>"), (200, {}),
                                    (200, {"protection": {"ProtectionEnabled": True,
                                                          "ExpirationDate": "2099-01-01T00:00:00Z",
                                                          "TaskArn": "a" * 2**20}})],
                         ids=["denied", "500", "throttled", "404", "html", "nothing", "endless"])
def test_without_protection_it_works_as_without_the_guard(task, sidecar, answer):
    task.before = lambda operation, _: answer if operation == "protect" else None
    guard = sidecar(task)
    worker = guard.worker()
    task.send("a", "b")
    began = time.monotonic()

    messages = [message for _ in range(2) for message in worker.receive(wait=5)]

    assert time.monotonic() - began < 8
    assert [message["Body"] for message in messages] == ["a", "b"]
    for message in messages:
        worker.delete(message)
    assert task.deleted == ["a", "b"] and task.given_back == []
    assert guard.status()["handed_over_unprotected"] == 2
    assert 1 <= len(guard.warnings()) <= 3


@pytest.mark.parametrize("how", ["hangs", "breaks"])
def test_an_agent_that_says_nothing_holds_nobody_up(task, sidecar, how):
    ended = threading.Event()

    def before(operation, _):
        if operation in ("protect", "inspect"):
            if how == "breaks":
                raise Broken
            ended.wait(20)
        return None

    task.before = before
    guard = sidecar(task)
    worker = guard.worker()
    task.send("a")
    began = time.monotonic()
    messages = []
    while not messages and time.monotonic() - began < 20:
        messages = worker.receive(wait=2)
    assert time.monotonic() - began < 10
    worker.delete(messages[0])
    ended.set()
    assert task.deleted == ["a"]


# --- the calls between ----------------------------------------------------------------------------


def test_what_sqs_refuses_the_worker_sees_as_it_is(task, sidecar):
    error = {"__type": "com.amazonaws.sqs#QueueDoesNotExist", "message": "no such queue"}
    task.before = lambda operation, _: (400, error, {"x-amzn-query-error": "a;Sender"}) \
        if operation in ("ReceiveMessage", "SendMessage") else None
    worker = sidecar(task).worker()
    assert worker.call("SendMessage", MessageBody="x") == (400, error)
    assert worker.call("ReceiveMessage") == (400, error)


def test_a_broken_connection_to_sqs_is_one_to_the_worker(task, sidecar):
    def before(operation, _):
        if operation in ("ReceiveMessage", "DeleteMessage"):
            raise Broken

    worker = sidecar(task).worker()
    worker.receive()
    task.before = before
    for operation in ("ReceiveMessage", "DeleteMessage"):
        with pytest.raises((http.client.HTTPException, OSError)):
            worker.call(operation, ReceiptHandle="r")
        worker.connection.close()


def test_calls_that_fail_are_told_once_a_minute(task, sidecar):
    def before(operation, _):
        if operation in ("ReceiveMessage", "SendMessage"):
            raise Broken

    guard = sidecar(task)
    task.before = before
    for number in range(20):
        with pytest.raises((http.client.HTTPException, OSError)):
            guard.worker().call("SendMessage" if number % 2 else "ReceiveMessage", MessageBody="x")
    assert [warning for warning in guard.warnings() if "closed the connection" in warning["message"]
            ] == guard.warnings()[-1:]


@pytest.mark.parametrize("ahead", [-3600, 3600])
def test_an_expiry_is_judged_by_the_clock_of_aws(task, sidecar, ahead):
    task.ahead = ahead
    guard = sidecar(task)
    worker = guard.worker()
    task.send("a")
    worker.delete(worker.receive(wait=5)[0])
    assert guard.status()["handed_over_unprotected"] == 0


def test_a_clock_that_is_wrong_is_corrected_by_what_sqs_says(task, sidecar):
    tries = []

    def before(operation, _):
        if operation == "GetQueueUrl" and not tries:
            tries.append(1)
            return (400, {"__type": "RequestTimeTooSkewed", "message": "m"},
                    {})
        return None

    task.before, task.ahead = before, 10 * 86400
    worker = sidecar(task).worker()
    assert worker.call("GetQueueUrl", QueueName="jobs")[0] == 200
    day = time.strftime("%Y%m%d", time.gmtime(task.now()))
    assert f"/{day}/us-east-1/sqs" in task.signed[-1]


def test_credentials_that_expired_are_fetched_anew(task, sidecar):
    tries = []

    def before(operation, _):
        if operation == "GetQueueUrl" and not tries:
            tries.append(1)
            return (403, {"__type": "ExpiredTokenException", "message": "m"})
        return None

    task.before = before
    worker = sidecar(task).worker()
    fetched = len(task.seen("credentials"))
    assert worker.call("GetQueueUrl", QueueName="jobs")[0] == 200
    assert len(task.seen("credentials")) > fetched


def test_queue_urls_lead_to_the_guard(task, sidecar):
    guard = sidecar(task)
    _, answer = guard.worker().call("GetQueueUrl", QueueName="jobs")
    assert answer["QueueUrl"] == f"{guard.url}/http/127.0.0.1:{task.server_port}/{ACCOUNT}/jobs"
    task.send("a")
    worker = Worker(guard.url, answer["QueueUrl"])
    [message] = worker.receive(wait=5)
    worker.delete(message)
    assert task.deleted == ["a"]
    assert {body["QueueUrl"] for _, operation, body in task.events
            if operation in ("ReceiveMessage", "DeleteMessage")} == {task.queue_url}


def test_an_endpoint_may_have_a_path(task, sidecar):
    guard = sidecar(task, AWS_ENDPOINT_URL_SQS=f"{task.url}/sqs")
    place = f"127.0.0.1:{task.server_port}/sqs/{ACCOUNT}/jobs"
    for path in ("/", f"/http/{place}"):
        guard.worker().connection.request("POST", path, json.dumps(
            {"QueueUrl": f"{guard.url}/http/{place}", "MessageBody": "x"}),
            {"X-Amz-Target": "AmazonSQS.SendMessage"})
    wait_until(lambda: len(task.seen("SendMessage")) == 2, what="both calls")
    assert {path for operation, path in task.paths if operation == "SendMessage"} == {
        "/sqs/", f"/sqs/{ACCOUNT}/jobs"}


def test_a_request_may_name_the_host_as_to_a_proxy(task, sidecar):
    guard = sidecar(task)
    task.send("a")
    connection = http.client.HTTPConnection(urllib.parse.urlparse(guard.url).netloc, timeout=10)
    connection.request("POST", guard.url + "/", json.dumps({"QueueUrl": task.queue_url}), {
        "X-Amz-Target": "AmazonSQS.ReceiveMessage"})
    assert json.loads(connection.getresponse().read())["Messages"][0]["Body"] == "a"
    connection.request("GET", guard.url + "/guard/status")
    assert json.loads(connection.getresponse().read())["held"] == 1


def test_a_queue_that_only_the_path_tells_gets_its_messages_back(task, sidecar):
    guard = sidecar(task, "--queue", "jobs", "--stop-timeout", "4s")
    task.send("a")
    connection = http.client.HTTPConnection(urllib.parse.urlparse(guard.url).netloc, timeout=10)
    connection.request("POST", f"/{ACCOUNT}/jobs", "{}",
                       {"X-Amz-Target": "AmazonSQS.ReceiveMessage"})
    assert json.loads(connection.getresponse().read())["Messages"]
    connection.close()
    guard.process.popen.send_signal(signal.SIGTERM)
    wait_until(lambda: task.given_back == ["a"], 40, what="the message, given back")
    assert {body["QueueUrl"] for _, operation, body in task.events
            if operation in ("GetQueueAttributes", "ChangeMessageVisibilityBatch")} \
        == {task.queue_url}


def test_settings_that_could_not_be_read_are_asked_for_again_soon(make_task, sidecar):
    task = make_task(visibility=2)
    guard = sidecar(task)
    worker = guard.worker()

    def before(operation, _):
        failed = operation == "GetQueueAttributes" and len(task.seen(operation)) == 1
        return (503, {}) if failed else None

    task.before = before
    worker.receive()
    wait_until(lambda: not worker.receive() and len(task.seen("GetQueueAttributes")) == 2, 20,
               interval=0.5, what="the second question")
    task.send("a")
    assert worker.receive(wait=5)
    wait_until(lambda: guard.status()["held"] == 0, 10, what="the end of its visibility")


def test_other_queues_are_left_alone(task, sidecar):
    guard = sidecar(task, "--queue", "others")
    worker = guard.worker()
    task.send("a")
    [message] = worker.receive(wait=5)
    assert guard.status()["held"] == 0 and not task.seen("protect")
    worker.delete(message)


def test_a_queue_that_nobody_receives_from_is_told(task, sidecar):
    guard = sidecar(task, "--queue", "jbos", "--expect-within", "1s")
    assert guard.worker().receive() == []
    wait_until(lambda: guard.warnings(), 5, what="a warning")
    assert "no receive of a queue that --queue names" in guard.warnings()[0]["message"]
    assert guard.status()["receives"] == 0


def zipped(text):
    return gzip.compress(json.dumps(text).encode())


@pytest.mark.parametrize("answer", [
    (200, zipped({"Messages": [{"MessageId": "1", "ReceiptHandle": "r1", "Body": "a"}]}),
     {"Content-Encoding": "gzip"}),
    (200, b'{"Messages":[{"MessageId":"1","ReceiptHandle":"r1","Body":"\\ud800"}]}'),
    (200, {"Messages": [{"MessageId": "1", "Body": "a"}]})], ids=["gzip", "surrogate", "handle"])
def test_an_answer_that_cannot_be_read_may_hold_messages(task, sidecar, answer):
    guard = sidecar(task)
    task.before = lambda operation, _: answer if operation == "ReceiveMessage" else None
    connection = http.client.HTTPConnection(urllib.parse.urlparse(guard.url).netloc, timeout=10)
    connection.request("POST", "/", json.dumps({"QueueUrl": task.queue_url}), {
        "X-Amz-Target": "AmazonSQS.ReceiveMessage", "Content-Type": "application/x-amz-json-1.0"})
    told = connection.getresponse().read()
    assert told == (answer[1] if isinstance(answer[1], bytes) else json.dumps(answer[1]).encode())
    assert task.is_protected() and guard.status()["held"] == 1
    assert "cannot be read" in guard.warnings()[0]["message"]


def test_ten_messages_of_the_longest_kind_come_through(task, sidecar):
    worker = sidecar(task).worker()
    body = '"' * 2**20
    task.send(*[body] * 10)
    messages = worker.receive(count=10)
    assert [message["Body"] for message in messages] == [body] * 10


def test_a_worker_that_went_away_gets_nothing(task, sidecar):
    guard = sidecar(task)
    worker = guard.worker()
    worker.receive()
    worker.connection.request("POST", "/", json.dumps({"QueueUrl": task.queue_url,
                                                       "WaitTimeSeconds": 20}),
                              {"X-Amz-Target": "AmazonSQS.ReceiveMessage"})
    wait_until(lambda: guard.status()["polling"] == 1, what="the poll")
    worker.connection.close()
    time.sleep(0.6)
    task.send("a")
    wait_until(lambda: task.given_back == ["a"], 10, what="the message to be given back")
    assert guard.status()["held"] == 0


def test_workers_that_went_away_leave_nothing_behind(task, sidecar):
    guard = sidecar(task)
    guard.worker().receive()

    def connections():
        return len(list(pathlib.Path(f"/proc/{guard.process.pid}/fd").iterdir()))

    for number in range(40):
        worker = guard.worker()
        worker.connection.request("POST", "/", json.dumps(
            {"QueueUrl": task.queue_url, "WaitTimeSeconds": number % 2}),
            {"X-Amz-Target": "AmazonSQS.ReceiveMessage"})
        time.sleep(0.02)
        worker.connection.close()
    wait_until(lambda: guard.status()["polling"] == 0, 10, what="the end of the polls")
    assert wait_until(lambda: connections() < 40, 10, what="the workers' connections to be closed")


def test_more_time_that_sqs_tells_late_is_known_all_the_same(make_task, sidecar):
    task = make_task(visibility=2)
    guard = sidecar(task)
    worker = guard.worker()
    task.send("a")
    [message] = worker.receive(wait=5)

    def before(operation, body):
        if operation == "ChangeMessageVisibility":
            answer = task.sqs(operation, body)
            time.sleep(2.5)
            return 200, answer
        return None

    task.before = before
    worker.call("ChangeMessageVisibility", ReceiptHandle=message["ReceiptHandle"],
                VisibilityTimeout=60)
    assert guard.status()["held"] == 1


def test_a_message_that_is_forgotten_comes_back_after_its_own_time(make_task, sidecar):
    task = make_task(visibility=2)
    guard = sidecar(task)
    worker = guard.worker()
    task.send("a")
    assert worker.receive(wait=5)
    assert guard.status()["held"] == 1
    wait_until(lambda: guard.status()["held"] == 0, 10, what="the end of the holding")
    [again] = worker.receive(wait=5)
    assert again["Body"] == "a"
    assert task.messages["m1"][3] == 2 and task.given_back == []


def test_visibility_is_renewed_on_request(make_task, sidecar):
    task = make_task(visibility=2)
    guard = sidecar(task, "--renew")
    worker = guard.worker()
    task.send("a")
    [message] = worker.receive(wait=5)
    other = guard.worker()
    end = time.monotonic() + 5
    while time.monotonic() < end:
        assert other.receive() == []
    worker.delete(message)
    assert task.deleted == ["a"]


def test_a_deleted_message_is_work_until_the_next_receive(task, sidecar):
    guard = sidecar(task, "--until-next-receive")
    worker = guard.worker()
    task.send("a")
    [message] = worker.receive(wait=5)
    worker.delete(message)
    assert guard.status()["held"] == 1
    assert worker.receive() == []
    assert guard.status()["held"] == 0


def test_a_queue_that_gives_up_soon_is_called_unfit_and_never_gets_one_back(make_task, sidecar):
    task = make_task(max_receive_count=2)
    guard = sidecar(task)
    worker = guard.worker()
    task.send("a")
    task.before = lambda operation, _: BLOCKED if operation == "protect" else None
    assert worker.receive(wait=2) == []
    assert not task.seen("ReceiveMessage")
    assert any("maxReceiveCount" in warning for warning in guard.warnings())
    task.before = lambda *_: None
    wait_until(lambda: worker.receive(wait=2), 20, what="the message")
    assert task.given_back == []


# --- the child ------------------------------------------------------------------------------------

PRINT_ENVIRONMENT = """
import json, os
print(json.dumps(dict(os.environ)), flush=True)
"""
LOOP = """
import os, signal, time, boto3
stop = []
signal.signal(signal.SIGTERM, lambda *_: stop.append(1))
queue = boto3.client("sqs")
while not stop:
    found = queue.receive_message(QueueUrl=os.environ["QUEUE_URL"], WaitTimeSeconds=20)
    for message in found.get("Messages", []):
        print("begin", message["Body"], flush=True)
        time.sleep(float(os.environ.get("WORK", "0.2")))
        queue.delete_message(QueueUrl=os.environ["QUEUE_URL"],
                             ReceiptHandle=message["ReceiptHandle"])
        print("end", message["Body"], flush=True)
print("bye", flush=True)
"""


def test_the_worker_finds_the_guard_where_it_looks_for_sqs(task, run_worker):
    process = run_worker(task, PRINT_ENVIRONMENT, HTTPS_PROXY="http://127.0.0.1:9", LIST=json.dumps(
        [task.queue_url, "https://sqs.eu-west-1.amazonaws.com/123456789012/other"]))
    assert process.wait() == 0
    seen = json.loads(process.stdout())
    door = seen["AWS_ENDPOINT_URL_SQS"]
    assert seen["QUEUE_URL"] == f"{door}/http/127.0.0.1:{task.server_port}/{ACCOUNT}/jobs"
    assert json.loads(seen["LIST"]) == [
        seen["QUEUE_URL"], f"{door}/https/sqs.eu-west-1.amazonaws.com/123456789012/other"]
    assert "127.0.0.1" in seen["NO_PROXY"]


@pytest.mark.parametrize("name", ["AWS_USE_FIPS_ENDPOINT", "AWS_USE_DUALSTACK_ENDPOINT"])
def test_a_kind_of_endpoint_that_most_sdks_refuse_beside_the_guard_is_told(
        task, run_worker, start_process, ecs_guard, name):
    process = run_worker(task, PRINT_ENVIRONMENT, **{name: "true"})
    assert process.wait() == 0
    assert f"{name} is true: SDKs such as those for Go" in process.stderr()
    # As the document says: the worker alone does not see it.
    process = start_process([ecs_guard, "--", "env", f"{name}=false", "sh", "-c", f"echo ${name}"],
                            env={**task.environment(), name: "true"})
    assert process.wait() == 0 and process.stdout() == "false\n"
    assert f"{name} is true" in process.stderr()


@pytest.mark.parametrize("by", ["profile", "variable"])
@pytest.mark.parametrize("endpoint", ["", "endpoint_url = http://127.0.0.1:9/profile\n"])
def test_a_worker_that_was_to_ignore_endpoints_finds_the_guard(task, run_worker, tmp_path, by,
                                                                endpoint):
    """Which an SDK ignores with all others: the worker went to SQS by itself."""
    config = tmp_path / "config"
    config.write_text("[default]\n" + endpoint + (
        "ignore_configured_endpoint_urls = true\n" if by == "profile" else ""))
    process = run_worker(task, """
import boto3, json, os
print(json.dumps([os.environ["AWS_ENDPOINT_URL_SQS"],
                  *(boto3.client(name).meta.endpoint_url for name in ("sqs", "s3"))]))
""", AWS_CONFIG_FILE=str(config), AWS_ENDPOINT_URL="http://127.0.0.1:9/all",
        AWS_ENDPOINT_URL_S3="http://127.0.0.1:9/s3",
        AWS_IGNORE_CONFIGURED_ENDPOINT_URLS="true" if by == "variable" else None)
    assert process.wait() == 0, process.stderr()
    door, sqs, s3 = json.loads(process.stdout())
    assert sqs == door and door != task.url
    # What the profile says cannot be kept from the worker, so it is told.
    assert s3 == ("http://127.0.0.1:9/profile" if endpoint else "https://s3.amazonaws.com")
    assert ("the worker's SDK ignores them no more" in process.stderr()) == bool(endpoint)


@pytest.mark.parametrize("text, code", [("sys.exit(7)", 7), ("import os; os.kill(os.getpid(), 9)",
                                                            137)])
def test_the_exit_code_is_the_workers_own(task, run_worker, text, code):
    assert run_worker(task, text).wait() == code


def test_a_worker_ends_the_guard_also_where_the_starter_ignores_children(
        task, start_process, ecs_guard):
    process = start_process(
        [*ignoring_children(), ecs_guard, "--", "sh", "-c", "exit 7"], env=task.environment())
    assert process.wait() == 7


def test_what_was_closed_at_the_start_is_nobody_elses(task, start_process, ecs_guard, tmp_path):
    """Otherwise the guard's log would be written into whatever is opened first."""
    seen = tmp_path / "seen"
    text = (f"import os; open({str(seen)!r}, 'w').write(str([os.readlink("
            "f'/proc/{os.getppid()}/fd/{file}') for file in range(3)]))")
    process = start_process(
        ["sh", "-c", 'exec "$0" "$@" <&- >&- 2>&-', ecs_guard, "--", sys.executable, "-c", text],
        env=task.environment())
    assert process.wait() == 0
    assert seen.read_text() == str(3 * ["/dev/null"])


@pytest.mark.parametrize("command, code, why", [("/no/such/worker", 127, "No such file"),
                                                ("/etc/passwd", 126, "Permission denied")])
def test_a_command_that_cannot_be_run_is_named_and_ends_as_in_a_shell(
        task, start_process, ecs_guard, command, code, why):
    process = start_process([ecs_guard, "--", command], env=task.environment())
    assert process.wait() == code
    assert f"cannot run '{command}': {why}" in process.stderr()


def test_the_worker_has_the_terminal(task, ecs_guard):
    pid, terminal = pty.fork()
    if pid == 0:
        wanted = {**os.environ, **task.environment()}
        os.execve(ecs_guard, [ecs_guard, "--", "sh", "-c", "read line; echo got-$line; exit 6"],
                  {name: value for name, value in wanted.items() if value is not None})
    os.write(terminal, b"word\n")
    read, end = b"", time.monotonic() + 20
    while b"got-word" not in read and time.monotonic() < end:
        if select.select([terminal], [], [], 0.1)[0]:
            read += os.read(terminal, 4096)
    if b"got-word" not in read:
        os.kill(pid, signal.SIGKILL)
    status = os.waitpid(pid, 0)[1]
    os.close(terminal)
    assert b"got-word" in read and os.waitstatus_to_exitcode(status) == 6


@pytest.mark.parametrize("number", [signal.SIGALRM, signal.SIGPWR, signal.SIGRTMIN + 3])
def test_whatever_signal_stops_a_container_comes_to_the_worker(task, run_worker, number):
    process = run_worker(task, f"""
import os, signal, time
signal.signal({int(number)}, lambda *_: sys.exit(8))
print("up", flush=True)
time.sleep(60)
""")
    wait_until(lambda: "up" in process.stdout(), 20, what="the worker")
    process.popen.send_signal(number)
    assert process.wait() == 8


def test_sigterm_lets_the_work_end_and_takes_no_more(task, run_worker):
    process = run_worker(task, LOOP, WORK="2")
    task.send("a", "b")
    wait_until(lambda: "begin a" in process.stdout(), 20, what="the work")
    process.popen.send_signal(signal.SIGTERM)
    assert process.wait() == 0
    assert process.stdout().split() == ["begin", "a", "end", "a", "bye"]
    assert task.deleted == ["a"]


def test_an_open_poll_takes_nothing_with_it_at_the_end(task, run_worker):
    process = run_worker(task, LOOP)
    wait_until(lambda: task.seen("ReceiveMessage"), 20, what="the poll")
    process.popen.send_signal(signal.SIGTERM)
    time.sleep(0.5)
    task.send("a")
    process.wait()
    wait_until(lambda: task.messages["m1"][2] <= time.monotonic(), 5, what="the message, visible")
    assert "begin" not in process.stdout()


def test_a_worker_that_dies_gives_everything_back_at_once(task, run_worker):
    process = run_worker(task, LOOP, WORK="60")
    task.send("a")
    wait_until(lambda: "begin a" in process.stdout(), 20, what="the work")
    child = process.children()[0]
    os.kill(child, signal.SIGKILL)
    assert process.wait() == 137
    assert task.given_back == ["a"]


def test_a_worker_that_ignores_sigterm_keeps_its_message_until_the_end(task, run_worker):
    process = run_worker(task, LOOP.replace("stop.append(1)", "None"), "--stop-timeout", "4s",
                         WORK="60")
    task.send("a")
    wait_until(lambda: "begin a" in process.stdout(), 20, what="the work")
    began = time.monotonic()
    process.popen.send_signal(signal.SIGTERM)
    wait_until(lambda: task.given_back == ["a"], 10, what="the message, given back")
    assert 1.5 <= time.monotonic() - began <= 3.5
    process.popen.send_signal(signal.SIGKILL)


def test_work_goes_on_below_a_shell_that_sigterm_ends(task, run_worker):
    """An entry point without `exec`: the shell gets the signal, and the worker that it began does
    not. Nobody else may have its message while it works."""
    process = run_worker(task, LOOP, "--stop-timeout", "12s", below_shell=True, WORK="8")
    task.send("a")
    wait_until(lambda: "begin a" in process.stdout(), 20, what="the work")
    process.popen.send_signal(signal.SIGTERM)

    assert process.wait() == 143
    assert (task.deleted, task.given_back) == (["a"], [])


def test_the_worker_ends_with_a_guard_that_is_killed(task, run_worker):
    process = run_worker(task, LOOP)
    wait_until(lambda: task.seen("ReceiveMessage"), 20, what="the poll")
    child = process.children()[0]
    process.popen.send_signal(signal.SIGKILL)
    wait_until(lambda: not pathlib.Path(f"/proc/{child}").exists() or "zombie" in
               pathlib.Path(f"/proc/{child}/status").read_text(), 10, what="the worker's end")


def test_credentials_that_come_late_are_waited_for(task, run_worker):
    began = time.monotonic()
    task.before = lambda operation, _: (503, {}) if (
        operation == "credentials" and time.monotonic() < began + 4) else None
    process = run_worker(task, PRINT_ENVIRONMENT)
    assert process.wait() == 0
    assert json.loads(process.stdout())["AWS_ENDPOINT_URL_SQS"] != task.url


@pytest.fixture
def keys_on_request(task):
    """The task's credentials come once this event is set."""
    given = threading.Event()
    task.before = lambda operation, _: operation == "credentials" and not given.wait(60) or None
    yield given
    given.set()


@pytest.mark.parametrize("number, code", [(signal.SIGTERM, 143), (signal.SIGINT, 130)])
def test_who_is_told_to_end_before_there_are_credentials_starts_no_worker(
        task, run_worker, keys_on_request, number, code):
    """It was started when they came, or 10 s later, and had less time than ECS gave the task."""
    process = run_worker(task, "print('up', flush=True)")
    wait_until(lambda: task.seen("credentials"), 20, what="the question for credentials")
    process.popen.send_signal(number)
    assert process.wait() == code
    assert process.stdout() == "" and "the worker is not guarded" not in process.stderr()


def test_a_sidecar_ends_before_there_are_credentials(task, start_process, ecs_guard,
                                                     keys_on_request):
    process = start_process([ecs_guard, "serve", "--port", "0"], env=task.environment())
    wait_until(lambda: task.seen("credentials"), 20, what="the question for credentials")
    process.popen.send_signal(signal.SIGTERM)
    assert process.wait() == 0
    assert "no credentials to call SQS with" not in process.stderr()


def test_other_signals_wait_for_the_worker(task, run_worker, keys_on_request):
    process = run_worker(task, "import time; time.sleep(60)")
    wait_until(lambda: task.seen("credentials"), 20, what="the question for credentials")
    process.popen.send_signal(signal.SIGUSR1)
    keys_on_request.set()
    assert process.wait() == 128 + signal.SIGUSR1


def test_a_report_that_nobody_reads_holds_nobody_up(task, start_process, ecs_guard, tmp_path):
    os.mkfifo(tmp_path / "output")
    output = os.open(tmp_path / "output", os.O_RDWR | os.O_NONBLOCK)
    with pytest.raises(BlockingIOError):
        while True:
            os.write(output, b"x" * 4096)
    process = start_process(
        ["sh", "-c", 'exec "$@" > ' + str(tmp_path / "output"), "x", ecs_guard, "serve",
         "--port", "0", "--report", "emf", "--expect-within", "1s"], env=task.environment(),
        ready=lambda process: "guarding" in process.stderr())
    guard = Guard(process, task)
    wait_until(lambda: guard.warnings(), 10, what="the warning that is told after the first report")
    assert guard.status()["receives"] == 0


def test_without_credentials_the_worker_goes_to_sqs_by_itself(task, run_worker):
    task.before = lambda operation, _: (403, {}) if operation == "credentials" else None
    process = run_worker(task, PRINT_ENVIRONMENT)
    assert process.wait() == 0
    assert json.loads(process.stdout())["AWS_ENDPOINT_URL_SQS"] == task.url
    assert "the worker is not guarded" in process.stderr()


def test_a_guard_that_nothing_comes_through_says_so(task, run_worker):
    process = run_worker(task, "import time; time.sleep(60)", "--expect-within", "1s", "--strict")
    assert process.wait() == 1
    assert "no receive has come through the guard" in process.stderr()


def test_deletes_do_not_wait_for_a_crowd_of_polls(task, sidecar):
    guard = sidecar(task)
    worker = guard.worker()
    task.send("a")
    [message] = worker.receive(wait=5)
    polls = [threading.Thread(target=lambda: guard.worker().receive(wait=5)) for _ in range(100)]
    for poll in polls:
        poll.start()
    wait_until(lambda: guard.status()["polling"] == 100, 20, what="a hundred polls")
    began = time.monotonic()
    worker.delete(message)
    assert time.monotonic() - began < 3
    for poll in polls:
        poll.join()


# --- the sidecar ----------------------------------------------------------------------------------


def test_a_sidecar_stays_for_the_work_that_is_left(task, sidecar):
    guard = sidecar(task)
    worker = guard.worker()
    task.send("a", "b")
    [message] = worker.receive(wait=5)
    guard.process.popen.send_signal(signal.SIGTERM)
    assert worker.receive() == []
    worker.delete(message)
    assert guard.process.wait() == 0
    assert task.deleted == ["a"] and task.messages["m2"][3] == 0


def test_a_first_receive_is_answered_empty_when_the_sidecar_is_stopped(task, sidecar):
    guard = sidecar(task)
    task.before = lambda operation, _: time.sleep(1) if operation == "GetQueueAttributes" else None
    task.send("a")
    answers = []
    poll = threading.Thread(target=lambda: answers.append(guard.worker().receive(wait=5)))
    poll.start()
    wait_until(lambda: task.seen("GetQueueAttributes"), 10, what="the question about the queue")
    guard.process.popen.send_signal(signal.SIGTERM)
    poll.join(10)
    assert answers == [[]] and guard.process.wait() == 0
    assert task.messages["m1"][3] == 0


def test_health_tells_whether_a_guard_runs(task, sidecar, run_program, ecs_guard):
    port = urllib.parse.urlparse(sidecar(task).url).port
    assert run_program([ecs_guard, "health", "--port", port]).code == 0
    for method, path in (("HEAD", "/guard/health"), ("GET", "/guard/health?from=probe"),
                         ("HEAD", "/guard/status")):
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
        connection.request(method, path)
        assert connection.getresponse().status == 200, (method, path)
    nobody = run_program([ecs_guard, "health", "--port", find_free_port()])
    assert nobody.code == 1 and "127.0.0.1" in nobody.output()


@pytest.mark.parametrize("environment, word", [
    ({"AWS_REGION": "Nowhere!"}, "AWS_REGION"), ({"AWS_ENDPOINT_URL_SQS": "ftp://x"},
                                                "AWS_ENDPOINT_URL_SQS"),
    ({"ECS_AGENT_URI": "nonsense"}, "ECS_AGENT_URI")])
def test_wrong_settings_are_named(task, run_program, ecs_guard, environment, word):
    ended = run_program([ecs_guard, "serve", "--port", "0"],
                        env={**task.environment(), **environment})
    assert ended.code == 3 and word in ended.output()
