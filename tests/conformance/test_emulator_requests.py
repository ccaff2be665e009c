"""What the emulator asks of every request, its own pages, faults, and what survives a restart."""

import datetime
import email.utils
import http.client
import json
import os
import socket
import time

import botocore.auth
import botocore.awsrequest
import botocore.credentials
import botocore.exceptions
import pytest

from strict import error_of, watch
from support import REGION, TEST_KEYS, wait_until

BODY = json.dumps({"QueueNamePrefix": "jobs"})
HEADERS = {"Content-Type": "application/x-amz-json-1.0", "X-Amz-Target": "AmazonSQS.ListQueues"}


@pytest.fixture
def aws(emulator):
    return emulator(task_start="100ms", task_stop="100ms", work_time="100ms")


def signed(endpoint, body=BODY, headers=None, service="sqs", token=None):
    """The headers of a well-signed request."""
    request = botocore.awsrequest.AWSRequest("POST",
                                             endpoint + "/",
                                             data=body,
                                             headers=headers or HEADERS)
    credentials = botocore.credentials.Credentials(TEST_KEYS["AWS_ACCESS_KEY_ID"],
                                                   TEST_KEYS["AWS_SECRET_ACCESS_KEY"], token)
    botocore.auth.SigV4Auth(credentials, service, REGION).add_auth(request)
    return dict(request.headers.items())


def send_text(aws, headers, body=BODY, path="/", method="POST"):
    """(status, the answer's bytes, headers)"""
    connection = http.client.HTTPConnection("127.0.0.1",
                                            aws.ready["endpoint"].rpartition(":")[2],
                                            timeout=10)
    connection.request(method, path, body.encode(), headers)
    answer = connection.getresponse()
    text = answer.read()
    connection.close()
    return answer.status, text, answer.headers


def send(*arguments, **more):
    """(status, code or answer, headers)"""
    status, text, headers = send_text(*arguments, **more)
    document = json.loads(text) if text else {}
    code = document.get("__type", "").rpartition("#")[2]
    return status, code or document, headers


def test_takes_a_well_signed_request(aws):
    assert send(aws, signed(aws.endpoint))[0] == 200
    assert send(aws, signed(aws.endpoint, token="session"))[0] == 200


@pytest.mark.parametrize("header, change, code", [
    ("Authorization", None, "MissingAuthenticationTokenException"),
    ("Authorization", lambda v: "Basic eDp5", "IncompleteSignatureException"),
    ("Authorization", lambda v: v.replace("AWS4-HMAC-SHA256", "AWS4-HMAC-SHA512"),
     "IncompleteSignatureException"),
    ("Authorization", lambda v: v.replace("/aws4_request", "/aws5_request"),
     "InvalidSignatureException"),
    ("Authorization", lambda v: v.replace("/sqs/", "/ecs/"), "InvalidSignatureException"),
    ("Authorization", lambda v: v.replace(f"/{REGION}/", "/"), "IncompleteSignatureException"),
    ("Authorization", lambda v: v.replace("/20", "/19", 1), "InvalidSignatureException"),
    ("Authorization", lambda v: v[:-1], "IncompleteSignatureException"),
    ("Authorization", lambda v: v[:-1] + "G", "IncompleteSignatureException"),
    ("Authorization", lambda v: v.partition(", Signature")[0], "IncompleteSignatureException"),
    ("Authorization", lambda v: v + ", Signature=x", "IncompleteSignatureException"),
    ("Authorization", lambda v: v.replace("host;", ""), "InvalidSignatureException"),
    ("Authorization", lambda v: v.replace("x-amz-date;", "").replace(";x-amz-date", ""),
     "InvalidSignatureException"),
    ("Authorization", lambda v: v.replace("x-amz-target", "x-amz-zzz"),
     "InvalidSignatureException"),
    ("X-Amz-Date", None, "IncompleteSignatureException"),
    ("X-Amz-Date", lambda v: "yesterday", "IncompleteSignatureException"),
    ("X-Amz-Date", lambda v: "2026-11-23T00:00Z", "IncompleteSignatureException"),
    ("X-Amz-Security-Token", lambda v: "unsigned", "InvalidSignatureException"),
    ("Content-Type", lambda v: "application/json", "UnknownOperationException"),
    ("Content-Type", lambda v: "application/x-amz-json-1.1", "UnknownOperationException"),
    ("Content-Type", None, "UnknownOperationException"),
    ("X-Amz-Target", lambda v: "AmazonSQS.Nope", "UnknownOperationException"),
    ("X-Amz-Target", lambda v: "AmazonSQS", "UnknownOperationException"),
    ("X-Amz-Target", lambda v: "AmazonSNS.ListQueues", "UnknownOperationException"),
    ("X-Amz-Target", None, "UnknownOperationException"),
])
def test_refuses_requests(aws, header, change, code):
    headers = signed(aws.endpoint)
    value = headers.pop(header, "")
    if change:
        headers[header] = change(value)
        assert headers[header] != value
    status, found, _ = send(aws, headers)
    assert (found, 400 <= status < 500) == (code, True)


def test_refuses_a_wrong_clock(aws, monkeypatch):
    for minutes, expected in ((-4, 200), (4, 200), (-6, 403), (6, 403)):
        moment = datetime.datetime.now(datetime.timezone.utc) + datetime.timedelta(minutes=minutes)
        monkeypatch.setattr(botocore.auth, "get_current_datetime", lambda *_, m=moment, **__: m)
        status, code, _ = send(aws, signed(aws.endpoint))
        assert status == expected
        assert status == 200 or code == "InvalidSignatureException"


@pytest.mark.parametrize("body", [
    "", "{", "[]", "null", "5", '{"QueueNamePrefix":"a"}x',
    '{"QueueNamePrefix":"a","QueueNamePrefix":"b"}', '{"Nope":1}', '{"queuenameprefix":"a"}',
    '{"MaxResults":1.5}', "[" * 100000
])
def test_refuses_bodies(aws, body):
    status, code, headers = send(aws, signed(aws.endpoint, body), body)
    assert (status, code) == (400, "SerializationException")
    assert headers["x-amzn-RequestId"]
    sent_at = email.utils.parsedate_to_datetime(headers["Date"]).timestamp()
    assert abs(sent_at - time.time()) < 30


def test_refuses_other_paths_and_methods(aws):
    for method, path in (("GET", "/"), ("POST", "/queue"), ("PUT", "/"),
                         ("GET", "/2015-03-31/functions/x")):
        status, _, _ = send(aws, signed(aws.endpoint), path=path, method=method)
        assert status in (403, 404), (method, path)


def test_puts_the_older_code_into_a_header_only_when_asked(aws):
    headers = {**HEADERS, "X-Amz-Target": "AmazonSQS.GetQueueUrl"}
    body = '{"QueueName":"none"}'
    status, code, answer = send(aws, signed(aws.endpoint, body, headers), body)
    assert (status, code, answer["x-amzn-query-error"]) == (400, "QueueDoesNotExist", None)
    headers["x-amzn-query-mode"] = "true"
    _, _, answer = send(aws, signed(aws.endpoint, body, headers), body)
    assert answer["x-amzn-query-error"] == "AWS.SimpleQueueService.NonExistentQueue;Sender"


def test_survives_garbage_on_the_wire(aws):
    port = int(aws.endpoint.rpartition(":")[2])
    for garbage in (b"\x16\x03\x01\x00", b"GET / HTTP/9.9\r\n\r\n",
                    b"POST / HTTP/1.1\r\nContent-Length: x\r\n\r\n",
                    b"POST / HTTP/1.0\r\nContent-Length: 100\r\n\r\n{", b"A" * 100_000):
        with socket.create_connection(("127.0.0.1", port), timeout=5) as connection:
            try:
                connection.sendall(garbage)
                connection.shutdown(socket.SHUT_WR)
                connection.recv(1000)
            except ConnectionError:
                pass
    assert send(aws, signed(aws.endpoint))[0] == 200


def fault(aws, operation, kind, **more):
    aws.call("faults", {"operation": operation, "fault": kind, **more})


@pytest.mark.parametrize("kind, sqs, ecs, sts",
                         [("throttle", ("RequestThrottled", 403), ("ThrottlingException", 400),
                           ("Throttling", 400)),
                          ("unavailable", ("ServiceUnavailable", 503), ("ServiceUnavailable", 503),
                           ("ServiceUnavailable", 503)),
                          ("denied", ("AccessDeniedException", 403), ("AccessDeniedException", 400),
                           ("AccessDenied", 403)),
                          ("expired", ("ExpiredTokenException", 403),
                           ("ExpiredTokenException", 400), ("ExpiredToken", 403))])
def test_faults_are_errors(aws, kind, sqs, ecs, sts):
    for operation in ("ListQueues", "ListClusters", "GetCallerIdentity"):
        fault(aws, operation, kind, count=1)
    assert error_of(watch(aws.aws.sqs).list_queues) == sqs
    assert error_of(watch(aws.aws.ecs).list_clusters) == ecs
    assert error_of(aws.aws.sts.get_caller_identity) == sts
    assert aws.aws.sqs.list_queues()["QueueUrls"]
    assert aws.aws.ecs.list_clusters()["clusterArns"]


def test_faults_strike_as_often_as_told_and_only_their_caller(aws):
    fault(aws, "ListQueues", "unavailable", count=2, caller=TEST_KEYS["AWS_ACCESS_KEY_ID"])
    fault(aws, "*", "denied", caller="SOMEONE")
    assert [error_of(aws.aws.sqs.list_queues)[1] for _ in range(2)] == [503, 503]
    assert aws.aws.sqs.list_queues()
    assert aws.call("faults")["faults"][0] == {
        "operation": "ListQueues",
        "fault": "unavailable",
        "left": 0,
        "struck": 2,
        "caller": TEST_KEYS["AWS_ACCESS_KEY_ID"],
        "last": "ListQueues",
    }


def test_faults_on_the_wire(aws):
    fault(aws, "ListQueues", "reset")
    with pytest.raises(botocore.exceptions.ConnectionClosedError):
        aws.aws.sqs.list_queues()
    fault(aws, "ListQueues", "malformed")
    with pytest.raises(
            json.JSONDecodeError):  # botocore itself takes such an answer for an empty one.
        send(aws, signed(aws.endpoint))
    fault(aws, "ListQueues", "slow", delay=0.5)
    began = time.monotonic()
    assert aws.aws.sqs.list_queues()["QueueUrls"]
    assert 0.45 < time.monotonic() - began < 5


def test_a_hanging_call_ends_with_the_faults(aws):
    fault(aws, "ListQueues", "hang")
    port = int(aws.endpoint.rpartition(":")[2])
    with socket.create_connection(("127.0.0.1", port), timeout=0.5) as connection:
        lines = [f"{name}: {value}" for name, value in signed(aws.endpoint).items()]
        connection.sendall("\r\n".join([
            "POST / HTTP/1.1", f"Host: 127.0.0.1:{port}", f"Content-Length: {len(BODY)}", *lines,
            "", BODY
        ]).encode())
        with pytest.raises(TimeoutError):
            connection.recv(1)
        assert send(aws, {}, "", "/_emulator/faults", "DELETE")[0] == 200
        connection.settimeout(5)
        assert connection.recv(1) == b""
    assert aws.call("faults") == {"faults": []}


@pytest.mark.parametrize("document", [
    "", "[]", "{}", '{"operation":"X"}', '{"operation":"X","fault":"odd"}',
    '{"operation":"X","fault":"hang","count":0}', '{"operation":"X","fault":"hang","counts":1}'
])
def test_refuses_faults(aws, document):
    status, answer, _ = send(aws, {}, document, "/_emulator/faults")
    assert status == 400 and answer["message"]


@pytest.mark.parametrize("operation", ["UpdateServce", "updateservice", "Updateservice"])
def test_a_fault_of_no_operation_is_refused_with_the_nearest_name(aws, operation):
    document = json.dumps({"operation": operation, "fault": "throttle"})
    status, answer, _ = send(aws, {}, document, "/_emulator/faults")
    assert status == 400 and "did you mean 'UpdateService'?" in answer["message"]
    for known in ("ListAliases", "GetResources", "AssumeRole", "PutScalingPolicy", "GetMetricData",
                  "CreateLogGroup", "DescribeAutoScalingGroups", "Invocation", "*"):
        fault(aws, known, "throttle")


@pytest.mark.parametrize("method, path", [("POST", "faults"), ("DELETE", "faults"),
                                          ("POST", "queues"), ("PUT", "faults")])
@pytest.mark.parametrize("header", [{"Origin": "https://evil.example"}, {"Origin": "null"},
                                    {"Origin": "http://127.0.0.1:1"},
                                    {"Sec-Fetch-Site": "cross-site"}])
def test_web_pages_of_others_change_nothing(aws, method, path, header):
    fault(aws, "ListQueues", "throttle")
    document = {"faults": {"operation": "*", "fault": "throttle", "count": 1000},
                "queues": {"queue": aws.queue, "count_lag": 60}}[path]

    # What a page may send without asking has this type.
    headers = {"Content-Type": "text/plain", **header}
    connection = http.client.HTTPConnection("127.0.0.1", aws.endpoint.rpartition(":")[2])
    connection.request(method, f"/_emulator/{path}", json.dumps(document), headers)
    answer = connection.getresponse()

    assert answer.status == 403
    assert b"web page of another server" in answer.read()
    connection.close()
    assert [one["left"] for one in aws.call("faults")["faults"]] == [1]
    assert aws.call("status")["queues"][aws.queue]["count_lag"] == 0


def test_tells_its_history_from_a_number_on(aws):
    aws.send(3)
    first = aws.call("events")
    assert [event["kind"] for event in first["events"]].count("message_sent") == 3
    assert [event["number"] for event in first["events"]] == list(range(1, first["last"] + 1))
    aws.aws.ecs.update_service(cluster=aws.cluster, service=aws.service, desiredCount=1)
    wait_until(lambda: aws.call("status")["totals"]["processed"] == 3, what="the work")
    later = aws.call(f"events?after={first['last']}")
    kinds = [event["kind"] for event in later["events"]]
    assert kinds[0] == "desired_changed" and later["events"][0]["detail"] == "0 -> 1"
    assert kinds.index("task_running") < kinds.index("message_processed") < kinds.index(
        "queue_drained")
    assert aws.call(f"events?after={later['last']}")["events"] == []
    for path in ("events?after=x", "events?before=1"):
        assert send(aws, {}, "", f"/_emulator/{path}", "GET")[0] == 400
    assert send(aws, {}, "", "/_emulator/nothing", "GET")[0] == 404


def test_counts_calls_by_operation_and_caller(aws):
    aws.aws.sqs.list_queues()
    calls = aws.call("status")["api_calls"]
    assert calls["ListQueues"] == {TEST_KEYS["AWS_ACCESS_KEY_ID"]: 1}


def test_queues_survive_a_restart(emulator, tmp_path):
    folder = tmp_path / "state" / "deeper"
    first = emulator(state_dir=folder, work_time="50ms", task_start="50ms")
    sqs = first.aws.sqs
    url = sqs.create_queue(QueueName="kept", Attributes={"DelaySeconds": "1"},
                           tags={"a": "b"})["QueueUrl"]
    sqs.send_message(QueueUrl=first.queue_url, MessageBody="in flight, ü")
    [message] = sqs.receive_message(QueueUrl=first.queue_url, VisibilityTimeout=600)["Messages"]
    first.send(15)
    sqs.send_message(QueueUrl=first.queue_url, MessageBody="late", DelaySeconds=900)
    sqs.send_message(QueueUrl=url,
                     MessageBody="other",
                     MessageAttributes={"k": {
                         "DataType": "String",
                         "StringValue": "v"
                     }})
    assert first.process.stop() == 0

    second = emulator(state_dir=folder, work_time="50ms", task_start="50ms")
    sqs = second.aws.sqs
    assert second.depth() == (15, 1, 1)
    kept = sqs.get_queue_url(QueueName="kept")["QueueUrl"]
    assert sqs.get_queue_attributes(QueueUrl=kept,
                                    AttributeNames=["DelaySeconds"])["Attributes"] == {
                                        "DelaySeconds": "1"
                                    }
    assert sqs.list_queue_tags(QueueUrl=kept)["Tags"] == {"a": "b"}
    [other] = sqs.receive_message(QueueUrl=kept, WaitTimeSeconds=5,
                                  MessageAttributeNames=["All"])["Messages"]
    assert other["MessageAttributes"]["k"]["StringValue"] == "v"
    sqs.delete_message(QueueUrl=second.queue_url, ReceiptHandle=message["ReceiptHandle"])
    assert second.depth() == (15, 0, 1), "receipt handles outlive a restart"


def test_a_kill_loses_at_most_a_second(emulator, tmp_path):
    first = emulator(state_dir=tmp_path / "state")
    first.send(5)
    time.sleep(2.2)
    first.process.popen.kill()
    first.process.popen.wait(10)
    assert emulator(state_dir=tmp_path / "state").depth() == (5, 0, 0)


@pytest.mark.parametrize("text", [
    "", "{", "{}", '{"version":2,"processed":0,"queues":[]}',
    '{"version":1,"processed":0,"queues":[{"name":"jobs"}]}',
    '{"version":1,"processed":-1,"queues":[]}', "\x00"
])
def test_a_corrupt_file_is_one_clear_error(run_program, ecs_scaler, tmp_path, text):
    (tmp_path / "queues.json").write_text(text)
    ended = run_program([
        ecs_scaler, "emulate", "--port", "0", "--cluster", "c", "--service", "s", "--queue", "q",
        "--state-dir", tmp_path
    ])
    assert ended.code != 0
    assert ended.stdout() == ""
    assert f"{tmp_path}/queues.json is corrupt" in ended.stderr()
    assert (tmp_path / "queues.json").read_text() == text


def test_a_full_disk_is_logged_and_survived(emulator, tmp_path):
    # No disk is full on demand: a folder in the way of the file makes writing fail just so.
    started = emulator(state_dir=tmp_path / "state")
    in_the_way = tmp_path / "state" / "queues.json"
    in_the_way.unlink(missing_ok=True)
    in_the_way.mkdir()
    started.send(3)
    wait_until(lambda: "could not be saved" in started.process.stderr(), what="the complaint")
    assert started.depth() == (3, 0, 0)
    time.sleep(1.5)
    assert started.process.stderr().count("could not be saved") == 1
    in_the_way.rmdir()
    wait_until(lambda: "saved again" in started.process.stderr(), what="the relief")
    assert json.loads((tmp_path / "state" / "queues.json").read_text())["queues"]
    assert sorted(os.listdir(tmp_path / "state")) == ["lock", "queues.json"]
