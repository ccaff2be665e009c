"""ecs-scaler trace: a queue's history out of CloudWatch, which simulate and advise then read."""

import csv
import datetime
import http.server
import io
import json
import threading

import pytest

from support import REGION

MINUTE = datetime.timedelta(minutes=1)
QUEUE = "jobs"


def now():
    return datetime.datetime.now(datetime.timezone.utc).replace(second=0, microsecond=0)


def rows_of(text):
    return list(csv.DictReader(io.StringIO(text)))


def put(moto, metric, values):
    """Values by how many minutes ago they were."""
    for at in range(0, len(values), 20):
        moto.client("cloudwatch").put_metric_data(Namespace="AWS/SQS", MetricData=[
            {"MetricName": metric, "Dimensions": [{"Name": "QueueName", "Value": QUEUE}],
             "Timestamp": now() - minutes * MINUTE, "Value": value, "Unit": "Count"}
            for minutes, value in list(values.items())[at:at + 20]])


@pytest.mark.parametrize("queue", [
    QUEUE, f"https://sqs.{REGION}.amazonaws.com/123456789012/{QUEUE}",
    f"arn:aws:sqs:{REGION}:123456789012:{QUEUE}", f"http://127.0.0.1:1/123456789012/{QUEUE}"])
def test_what_was_put_into_moto_is_fetched_and_simulated(run_program, ecs_scaler, moto, tmp_path,
                                                         queue):
    sent = {minutes: 60 - minutes // 2 for minutes in range(10, 100, 3)}
    put(moto, "NumberOfMessagesSent", sent)
    put(moto, "ApproximateNumberOfMessagesVisible", {20: 7})
    path = tmp_path / "sent.csv"
    done = run_program([ecs_scaler, "trace", queue, "--days", "2", "--output", path],
                       env={"AWS_ENDPOINT_URL": moto.endpoint})
    assert done.code == 0, done.output()
    assert f"{QUEUE}: {sum(sent.values())} messages sent" in done.stdout()
    assert done.stderr() == "", "progress is for terminals"
    rows = rows_of(path.read_text())
    assert sum(float(row["NumberOfMessagesSent"]) for row in rows) == sum(sent.values())
    assert {row["period_seconds"] for row in rows} == {"60"}
    assert [row["ApproximateNumberOfMessagesVisible"] for row in rows].count("7") == 1

    simulated = run_program([ecs_scaler, "simulate", "--trace", path, "--rival", "keda",
                             "--output", "json"])
    assert simulated.code == 0, simulated.output()
    answer = json.loads(simulated.stdout())
    assert answer["policies"][0]["sent_messages"] == sum(sent.values())
    assert any("'NumberOfMessagesSent' is taken" in fact for fact in answer["facts"])


def test_a_queue_without_values_is_told(run_program, ecs_scaler, moto):
    done = run_program([ecs_scaler, "trace", "nobody"], env={"AWS_ENDPOINT_URL": moto.endpoint})
    assert done.code == 1 and done.stdout() == ""
    assert "no values of a queue 'nobody' in us-east-1 in the last 14 days" in done.stderr()
    assert done.stderr().count("\n") == 1


class FakeCloudWatch(http.server.ThreadingHTTPServer):
    """Answers each request with the next of `answers`, the last one again and again."""

    daemon_threads = True

    def __init__(self, answers):
        self.answers, self.requests = list(answers), []
        super().__init__(("127.0.0.1", 0), FakeRequest)
        threading.Thread(target=self.serve_forever, daemon=True).start()

    @property
    def url(self):
        return f"http://127.0.0.1:{self.server_port}"


class FakeRequest(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_POST(self):  # pylint: disable=invalid-name
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        self.server.requests.append(body)
        answers = self.server.answers
        status, answer = answers.pop(0) if len(answers) > 1 else answers[0]
        data = json.dumps(answer).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/x-amz-json-1.0")
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def log_message(self, *_):
        pass


def page(minutes, value, status="Complete", **more):
    at = (now() - minutes * MINUTE).timestamp()
    return 200, {"MetricDataResults": [{"Id": "m0", "Label": "NumberOfMessagesSent",
                                        "Timestamps": [at], "Values": [value],
                                        "StatusCode": status}], **more}


DENIED = (400, {"__type": "AccessDenied", "message": "User: u is not authorized to perform: x"})
THROTTLED = (400, {"__type": "ThrottlingException", "message": "Rate exceeded"})


@pytest.fixture
def fetch(run_program, ecs_scaler):
    servers = []

    def run(answers, *arguments):
        server = FakeCloudWatch(answers)
        servers.append(server)
        done = run_program([ecs_scaler, "trace", QUEUE, "--days", "1", *arguments],
                           env={"AWS_ENDPOINT_URL_CLOUDWATCH": server.url})
        return done, server

    yield run
    for server in servers:
        server.shutdown()
        server.server_close()


def test_pages_and_throttles_are_gone_through(fetch):
    done, server = fetch([page(30, 5, "PartialData", NextToken="more"), THROTTLED, page(20, 6)])
    assert done.code == 0, done.output()
    assert sum(float(row["NumberOfMessagesSent"]) for row in rows_of(done.stdout())) == 11
    assert server.requests[1]["NextToken"] == server.requests[2]["NextToken"] == "more"


def test_an_answer_in_parts_is_asked_for_again_and_then_refused(fetch):
    done, _ = fetch([page(30, 5, "PartialData"), page(30, 9)])
    assert done.code == 0, done.output()
    assert rows_of(done.stdout())[0]["NumberOfMessagesSent"] == "9"
    done, server = fetch([page(30, 5, "PartialData")])
    assert done.code == 1 and done.stdout() == "", "no file that looks whole"
    assert "was not whole (PartialData of NumberOfMessagesSent)" in done.stderr()
    assert len(server.requests) == 3


def test_a_refusal_names_the_permission(fetch):
    done, _ = fetch([DENIED])
    assert done.code == 1
    assert "it takes the permission cloudwatch:GetMetricData" in done.stderr()
    assert done.stderr().count("\n") == 1


@pytest.mark.parametrize("arguments, told, code", [
    ([], "QUEUE is missing", 2),
    ([QUEUE, "--days", "0"], "--days: '0' is not a whole number from 1 to 455", 2),
    (["no queue!"], "QUEUE: 'no queue!' is neither the name (letters", 2),
    ([f"http://localhost:4566/123456789012/{QUEUE}"], "AWS_ENDPOINT_URL_CLOUDWATCH", 3),
])
def test_wrong_words_are_named(run_program, ecs_scaler, arguments, told, code):
    done = run_program([ecs_scaler, "trace", *arguments])
    assert done.code == code and told in done.stderr(), done.output()
