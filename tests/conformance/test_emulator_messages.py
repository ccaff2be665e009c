"""The emulated SQS's messages, driven by boto3; answers are checked against botocore's model."""

import concurrent.futures
import hashlib
import time

import botocore.config
import botocore.exceptions
import pytest

from sqs_calls import depth, receive, redrive
from strict import error_of, watch
from support import REGION, aws_session, wait_until

URL = "http://127.0.0.1:1/000000000000/"


def test_a_message_is_sent_received_and_deleted(sqs, url):
    body = "Grüße, 你好, 🚀, \"quotes\" \\ and\nlines\t"
    sent = sqs.send_message(QueueUrl=url, MessageBody=body)
    assert sent["MD5OfMessageBody"] == hashlib.md5(body.encode()).hexdigest()
    [message] = receive(sqs, url, MessageSystemAttributeNames=["All"])
    assert (message["MessageId"], message["Body"]) == (sent["MessageId"], body)
    assert message["MD5OfBody"] == sent["MD5OfMessageBody"]
    attributes = message["Attributes"]
    assert attributes["ApproximateReceiveCount"] == "1"
    assert abs(int(attributes["SentTimestamp"]) / 1000 - time.time()) < 60
    assert int(attributes["ApproximateFirstReceiveTimestamp"]) >= int(attributes["SentTimestamp"])
    assert attributes["SenderId"]
    assert depth(sqs, url) == (0, 1, 0)
    sqs.delete_message(QueueUrl=url, ReceiptHandle=message["ReceiptHandle"])
    assert depth(sqs, url) == (0, 0, 0)
    sqs.delete_message(QueueUrl=url, ReceiptHandle=message["ReceiptHandle"])
    assert "Messages" not in sqs.receive_message(QueueUrl=url)


def test_message_attributes_come_back_with_their_md5(sqs, url):
    sent = {
        "text": {
            "DataType": "String",
            "StringValue": "välue"
        },
        "number.of": {
            "DataType": "Number",
            "StringValue": "12"
        },
        "bytes": {
            "DataType": "Binary.png",
            "BinaryValue": b"\x00\xff\x10"
        }
    }
    answer = sqs.send_message(
        QueueUrl=url,
        MessageBody="x",
        MessageAttributes=sent,
        MessageSystemAttributes={"AWSTraceHeader": {
            "DataType": "String",
            "StringValue": "Root=1"
        }})
    # As computed by hand after AWS's description, for this one message.
    buffer = b""
    for name, kind, flag, value in [("bytes", "Binary.png", 2, b"\x00\xff\x10"),
                                    ("number.of", "Number", 1, b"12"),
                                    ("text", "String", 1, "välue".encode())]:
        for part in (name.encode(), kind.encode()):
            buffer += len(part).to_bytes(4, "big") + part
        buffer += bytes([flag]) + len(value).to_bytes(4, "big") + value
    assert answer["MD5OfMessageAttributes"] == hashlib.md5(buffer).hexdigest()
    [message] = receive(sqs, url, MessageAttributeNames=["All"], AttributeNames=["AWSTraceHeader"])
    assert message["MessageAttributes"] == sent
    assert message["MD5OfMessageAttributes"] == answer["MD5OfMessageAttributes"]
    assert message["Attributes"] == {"AWSTraceHeader": "Root=1"}
    sqs.change_message_visibility(QueueUrl=url,
                                  ReceiptHandle=message["ReceiptHandle"],
                                  VisibilityTimeout=0)
    [message] = receive(sqs, url, MessageAttributeNames=["number.*"], VisibilityTimeout=0)
    assert set(message["MessageAttributes"]) == {"number.of"}
    [message] = receive(sqs, url)
    assert not {"Attributes", "MessageAttributes", "MD5OfMessageAttributes"} & set(message)


@pytest.mark.parametrize("attributes", [
    {
        "": {
            "DataType": "String",
            "StringValue": "x"
        }
    },
    {
        "aws.x": {
            "DataType": "String",
            "StringValue": "x"
        }
    },
    {
        ".x": {
            "DataType": "String",
            "StringValue": "x"
        }
    },
    {
        "x": {
            "DataType": "Text",
            "StringValue": "x"
        }
    },
    {
        "x": {
            "DataType": "String",
            "StringValue": ""
        }
    },
    {
        "x": {
            "DataType": "String"
        }
    },
    {
        "x": {
            "DataType": "String",
            "BinaryValue": b"x"
        }
    },
    {
        "x": {
            "DataType": "String",
            "StringValue": "a\x01"
        }
    },
    *({
        "x": {
            "DataType": "Number.of",
            "StringValue": number
        }
    } for number in ("x", "1x", "nan", "inf", "1e127", "1e-129")),
    {
        f"x{i}": {
            "DataType": "String",
            "StringValue": "x"
        }
        for i in range(11)
    },
])
def test_refuses_message_attributes(sqs, url, attributes):
    assert error_of(sqs.send_message, QueueUrl=url, MessageBody="x",
                    MessageAttributes=attributes) == ("InvalidParameterValue", 400)
    assert depth(sqs, url) == (0, 0, 0)


@pytest.mark.parametrize("number", ["0", "-0", "+1.50", "1e126", "-1e-128", "12345678901234567890"])
def test_a_number_is_given_back_as_it_came(sqs, url, number):
    attributes = {"x": {"DataType": "Number", "StringValue": number}}
    sqs.send_message(QueueUrl=url, MessageBody="x", MessageAttributes=attributes)
    [message] = sqs.receive_message(QueueUrl=url, MessageAttributeNames=["All"])["Messages"]
    assert message["MessageAttributes"] == attributes


def test_refuses_message_bodies(sqs, url):
    assert error_of(sqs.send_message, QueueUrl=url, MessageBody="")[0] == "MissingParameter"
    for body in ("\x00", "a\x0b", "￾", "\x1f"):
        assert error_of(sqs.send_message, QueueUrl=url,
                        MessageBody=body) == ("InvalidMessageContents", 400)
    largest = 1024 * 1024
    assert error_of(sqs.send_message, QueueUrl=url,
                    MessageBody="x" * (largest + 1))[0] == ("InvalidParameterValue")
    assert sqs.send_message(QueueUrl=url, MessageBody="x" * largest)
    assert error_of(sqs.send_message, QueueUrl=url, MessageBody="x",
                    DelaySeconds=901)[0] == ("InvalidParameterValue")
    assert error_of(sqs.send_message, QueueUrl=url, MessageBody="x",
                    MessageDeduplicationId="x")[0] == ("InvalidParameterValue")


@pytest.mark.parametrize("arguments", [{
    "MaxNumberOfMessages": 0
}, {
    "MaxNumberOfMessages": 11
}, {
    "WaitTimeSeconds": 21
}, {
    "WaitTimeSeconds": -1
}, {
    "VisibilityTimeout": 43201
}, {
    "VisibilityTimeout": -1
}, {
    "ReceiveRequestAttemptId": "x"
}])
def test_refuses_receives(sqs, url, arguments):
    assert error_of(sqs.receive_message, QueueUrl=url,
                    **arguments) == ("InvalidParameterValue", 400)


def test_refuses_unknown_system_attributes(sqs, url):
    assert error_of(sqs.receive_message, QueueUrl=url,
                    AttributeNames=["Nope"])[0] == ("InvalidParameterValue")


@pytest.mark.parametrize("address, code", [("", "InvalidAddress"), ("q/", "InvalidAddress"),
                                           ("none", "QueueDoesNotExist"),
                                           (URL, "QueueDoesNotExist"),
                                           (URL + "none", "QueueDoesNotExist"),
                                           ("http://x/111111111111/jobs", "QueueDoesNotExist"),
                                           ("http://x/000000000000jobs", "QueueDoesNotExist"),
                                           ("http://x", "QueueDoesNotExist")])
def test_refuses_queue_urls(raw, address, code):
    for call, arguments in [(raw.send_message, {
            "MessageBody": "x"
    }), (raw.receive_message, {}), (raw.get_queue_attributes, {
            "AttributeNames": ["All"]
    }), (raw.purge_queue, {}), (raw.delete_message, {
            "ReceiptHandle": "x"
    })]:
        assert error_of(call, QueueUrl=address, **arguments)[0] == code


def test_any_host_will_do_in_a_queue_url(sqs, url):
    assert sqs.send_message(QueueUrl="https://sqs.eu-central-1.amazonaws.com/000000000000/q",
                            MessageBody="x")
    assert receive(sqs, "q"), "its name alone will do, too"


def test_refuses_fields_of_the_wrong_kind(raw, url):
    assert error_of(raw.send_message, QueueUrl=url)[0] == "MissingParameter"
    assert error_of(raw.receive_message, QueueUrl=url,
                    MaxNumberOfMessages="1")[0] == ("SerializationException")
    assert error_of(raw.send_message, QueueUrl=url, MessageBody=5)[0] == "SerializationException"


def test_messages_come_back_after_their_visibility_timeout(sqs, url):
    sqs.send_message(QueueUrl=url, MessageBody="x")
    [first] = receive(sqs, url)
    assert receive(sqs, url) == []
    [second] = receive(sqs, url, WaitTimeSeconds=10, AttributeNames=["ApproximateReceiveCount"])
    assert second["Attributes"]["ApproximateReceiveCount"] == "2"
    assert second["ReceiptHandle"] != first["ReceiptHandle"]
    sqs.delete_message(QueueUrl=url, ReceiptHandle=first["ReceiptHandle"])
    assert depth(sqs, url) == (0, 1, 0), "an old handle deletes nothing"


def test_visibility_is_changed(sqs, url):
    sqs.send_message(QueueUrl=url, MessageBody="x")
    [message] = receive(sqs, url)
    handle = message["ReceiptHandle"]
    sqs.change_message_visibility(QueueUrl=url, ReceiptHandle=handle, VisibilityTimeout=0)
    assert depth(sqs, url) == (1, 0, 0)
    change = sqs.change_message_visibility
    assert error_of(change, QueueUrl=url, ReceiptHandle=handle,
                    VisibilityTimeout=1) == ("MessageNotInflight", 400)
    assert error_of(change, QueueUrl=url, ReceiptHandle="nonsense",
                    VisibilityTimeout=1) == ("ReceiptHandleIsInvalid", 400)
    assert error_of(change, QueueUrl=url, ReceiptHandle=handle,
                    VisibilityTimeout=43201)[0] == ("InvalidParameterValue")
    assert error_of(sqs.delete_message, QueueUrl=url,
                    ReceiptHandle="nonsense") == ("ReceiptHandleIsInvalid", 400)


def test_delays(sqs, url):
    sqs.send_message(QueueUrl=url, MessageBody="late", DelaySeconds=1)
    assert depth(sqs, url) == (0, 0, 1)
    began = time.monotonic()
    [message] = receive(sqs, url, WaitTimeSeconds=10)
    assert message["Body"] == "late"
    assert 0.5 < time.monotonic() - began < 5


def test_a_batch_succeeds_in_part(sqs, url):
    answer = sqs.send_message_batch(QueueUrl=url,
                                    Entries=[{
                                        "Id": "good",
                                        "MessageBody": "a"
                                    }, {
                                        "Id": "bad",
                                        "MessageBody": "\x00"
                                    }, {
                                        "Id": "late",
                                        "MessageBody": "b",
                                        "DelaySeconds": 900
                                    }, {
                                        "Id": "too-late",
                                        "MessageBody": "b",
                                        "DelaySeconds": 901
                                    }])
    assert [entry["Id"] for entry in answer["Successful"]] == ["good", "late"]
    assert {
        entry["Id"]: entry["Code"]
        for entry in answer["Failed"]
    } == {
        "bad": "InvalidMessageContents",
        "too-late": "InvalidParameterValue"
    }
    assert all(entry["SenderFault"] for entry in answer["Failed"])
    assert depth(sqs, url) == (1, 0, 1)
    [message] = receive(sqs, url)
    handle = message["ReceiptHandle"]
    answer = sqs.change_message_visibility_batch(QueueUrl=url,
                                                 Entries=[{
                                                     "Id": "1",
                                                     "ReceiptHandle": handle,
                                                     "VisibilityTimeout": 100
                                                 }, {
                                                     "Id": "2",
                                                     "ReceiptHandle": "nonsense",
                                                     "VisibilityTimeout": 0
                                                 }])
    assert [entry["Id"] for entry in answer["Successful"]] == ["1"]
    assert [entry["Code"] for entry in answer["Failed"]] == ["ReceiptHandleIsInvalid"]
    answer = sqs.delete_message_batch(QueueUrl=url, Entries=[{"Id": "1", "ReceiptHandle": handle}])
    assert "Failed" not in answer and answer["Successful"] == [{"Id": "1"}]


@pytest.mark.parametrize("ids, code",
                         [([], "EmptyBatchRequest"),
                          ([str(i) for i in range(11)], "TooManyEntriesInBatchRequest"),
                          (["a", "b", "a"], "BatchEntryIdsNotDistinct"),
                          (["a", ""], "InvalidBatchEntryId"), (["a b"], "InvalidBatchEntryId"),
                          (["x" * 81], "InvalidBatchEntryId")])
def test_refuses_batches(sqs, url, ids, code):
    handle = "nonsense"
    for call, entry in [(sqs.send_message_batch, {
            "MessageBody": "x"
    }), (sqs.delete_message_batch, {
            "ReceiptHandle": handle
    }), (sqs.change_message_visibility_batch, {
            "ReceiptHandle": handle,
            "VisibilityTimeout": 1
    })]:
        assert error_of(call, QueueUrl=url, Entries=[{
            "Id": i,
            **entry
        } for i in ids]) == (code, 400)
    assert depth(sqs, url) == (0, 0, 0)


def test_refuses_a_batch_of_more_than_a_mebibyte(sqs, url):
    entries = [{"Id": str(i), "MessageBody": "x" * 200_000} for i in range(6)]
    assert error_of(sqs.send_message_batch, QueueUrl=url,
                    Entries=entries) == ("BatchRequestTooLong", 400)
    assert len(sqs.send_message_batch(QueueUrl=url, Entries=entries[:5])["Successful"]) == 5


def test_a_long_poll_answers_as_soon_as_a_message_is_there(aws, sqs, url):
    other = watch(aws.aws.client("sqs"))
    with concurrent.futures.ThreadPoolExecutor() as pool:
        began = time.monotonic()
        waiting = pool.submit(receive, other, url, WaitTimeSeconds=20)
        time.sleep(0.5)
        assert not waiting.done()
        sqs.send_message(QueueUrl=url, MessageBody="now")
        assert [message["Body"] for message in waiting.result(5)] == ["now"]
        assert time.monotonic() - began < 5


def test_a_long_poll_without_a_message_ends_empty(sqs, url):
    began = time.monotonic()
    assert receive(sqs, url, WaitTimeSeconds=1) == []
    assert 0.9 < time.monotonic() - began < 5
    sqs.set_queue_attributes(QueueUrl=url, Attributes={"ReceiveMessageWaitTimeSeconds": "1"})
    began = time.monotonic()
    assert receive(sqs, url) == []
    assert 0.9 < time.monotonic() - began < 5
    began = time.monotonic()
    assert receive(sqs, url, WaitTimeSeconds=0) == []
    assert time.monotonic() - began < 0.8


def test_a_long_poll_ends_when_its_queue_is_deleted(aws, sqs, url):
    other = watch(aws.aws.client("sqs"))
    with concurrent.futures.ThreadPoolExecutor() as pool:
        waiting = pool.submit(error_of, other.receive_message, QueueUrl=url, WaitTimeSeconds=20)
        time.sleep(0.3)
        sqs.delete_queue(QueueUrl=url)
        assert waiting.result(5) == ("QueueDoesNotExist", 400)


def test_poison_goes_to_the_dead_letter_queue(sqs, url):
    dead = sqs.create_queue(QueueName="dead")["QueueUrl"]
    sqs.set_queue_attributes(QueueUrl=url,
                             Attributes={
                                 "VisibilityTimeout": "0",
                                 "RedrivePolicy": redrive("dead", 2)
                             })
    sent = sqs.send_message(QueueUrl=url, MessageBody="poison")
    assert [len(receive(sqs, url)) for _ in range(3)] == [1, 1, 0]
    assert depth(sqs, url) == (0, 0, 0)
    [letter] = receive(sqs, dead, AttributeNames=["All"])
    assert letter["MessageId"] == sent["MessageId"]


def test_many_consumers_get_every_message_once(aws, sqs):
    url = sqs.create_queue(QueueName="many", Attributes={"VisibilityTimeout": "300"})["QueueUrl"]

    clients = [watch(aws.aws.client("sqs")) for _ in range(12)]

    def produce(worker):
        client = clients[worker]
        for batch in range(5):
            client.send_message_batch(QueueUrl=url,
                                      Entries=[{
                                          "Id": str(i),
                                          "MessageBody": f"{worker}-{batch}-{i}"
                                      } for i in range(10)])

    def consume(worker):
        client, bodies = clients[6 + worker], []
        while messages := receive(client, url, MaxNumberOfMessages=10, WaitTimeSeconds=2):
            bodies += [message["Body"] for message in messages]
            client.delete_message_batch(QueueUrl=url,
                                        Entries=[{
                                            "Id": str(i),
                                            "ReceiptHandle": message["ReceiptHandle"]
                                        } for i, message in enumerate(messages)])
        return bodies

    with concurrent.futures.ThreadPoolExecutor(16) as pool:
        producers = [pool.submit(produce, worker) for worker in range(6)]
        consumers = [pool.submit(consume, worker) for worker in range(6)]
        for producer in producers:
            producer.result(60)
        bodies = [body for consumer in consumers for body in consumer.result(60)]
    assert sorted(bodies) == sorted(f"{w}-{b}-{i}" for w in range(6) for b in range(5)
                                    for i in range(10))
    wait_until(lambda: depth(sqs, url) == (0, 0, 0), what="the empty queue")


def test_a_long_poll_whose_client_is_gone_takes_nothing(aws, sqs, url):
    impatient = aws_session().client(
        "sqs", endpoint_url=aws.endpoint, region_name=REGION, aws_access_key_id="AKID",
        aws_secret_access_key="secret", config=botocore.config.Config(
            read_timeout=1, retries={"total_max_attempts": 1}, proxies={}))
    with pytest.raises(botocore.exceptions.ReadTimeoutError):
        impatient.receive_message(QueueUrl=url, WaitTimeSeconds=20)
    impatient.close()
    sqs.send_message(QueueUrl=url, MessageBody="x")
    assert depth(sqs, url) == (1, 0, 0)
    [message] = receive(sqs, url, AttributeNames=["ApproximateReceiveCount"])
    assert message["Attributes"]["ApproximateReceiveCount"] == "1"
