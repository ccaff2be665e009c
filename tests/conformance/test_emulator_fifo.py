"""The emulated SQS's FIFO queues, driven by boto3; answers are checked against botocore's model."""

import collections
import concurrent.futures
import hashlib
import random

import pytest

from sqs_calls import depth, receive, redrive
from strict import error_of, watch
from support import wait_until


@pytest.fixture
def fifo(sqs):
    return sqs.create_queue(QueueName="q.fifo", Attributes={"FifoQueue": "true"})["QueueUrl"]


def send(sqs, url, body, group, key=None):
    return sqs.send_message(QueueUrl=url,
                            MessageBody=body,
                            MessageGroupId=group,
                            MessageDeduplicationId=key or body)


def bodies(messages):
    return [message["Body"] for message in messages]


def delete(sqs, url, message):
    sqs.delete_message(QueueUrl=url, ReceiptHandle=message["ReceiptHandle"])


def test_a_message_carries_its_group_id_and_number(sqs, fifo):
    first = send(sqs, fifo, "one", "g", "id-1")
    second = send(sqs, fifo, "two", "g", "id-2")
    assert len(first["SequenceNumber"]) == 20
    assert first["SequenceNumber"] < second["SequenceNumber"]
    [message] = receive(sqs, fifo, MessageSystemAttributeNames=["All"])
    attributes = message["Attributes"]
    assert attributes["MessageGroupId"] == "g"
    assert attributes["MessageDeduplicationId"] == "id-1"
    assert attributes["SequenceNumber"] == first["SequenceNumber"]


def test_what_one_entry_lacks_refuses_a_batch(sqs, fifo):
    entries = [
        {"Id": "good", "MessageBody": "a", "MessageGroupId": "g", "MessageDeduplicationId": "1"},
        {"Id": "again", "MessageBody": "b", "MessageGroupId": "g", "MessageDeduplicationId": "1"},
        {"Id": "no-group", "MessageBody": "c", "MessageDeduplicationId": "2"},
        {"Id": "no-id", "MessageBody": "d", "MessageGroupId": "g"},
        {"Id": "delayed", "MessageBody": "e", "MessageGroupId": "g", "MessageDeduplicationId": "3",
         "DelaySeconds": 1},
    ]
    for bad in entries[2:]:
        code = "MissingParameter" if bad["Id"] == "no-group" else "InvalidParameterValue"
        assert error_of(sqs.send_message_batch, QueueUrl=fifo,
                        Entries=[entries[0], bad]) == (code, 400)
    assert depth(sqs, fifo) == (0, 0, 0)
    answer = sqs.send_message_batch(QueueUrl=fifo, Entries=entries[:2])
    good, again = answer["Successful"]
    assert (good["Id"], again["Id"]) == ("good", "again")
    assert good["MessageId"] == again["MessageId"]
    assert good["SequenceNumber"] == again["SequenceNumber"]
    assert depth(sqs, fifo) == (1, 0, 0)


def test_the_body_can_be_the_id(sqs):
    url = sqs.create_queue(QueueName="c.fifo",
                           Attributes={"FifoQueue": "true",
                                       "ContentBasedDeduplication": "true"})["QueueUrl"]
    body = "Grüße"
    sent = [sqs.send_message(QueueUrl=url, MessageBody=body, MessageGroupId=group)
            for group in ("g", "h")]
    assert sent[0]["MessageId"] == sent[1]["MessageId"]
    [message] = receive(sqs, url, MaxNumberOfMessages=10, AttributeNames=["All"])
    digest = hashlib.sha256(body.encode()).hexdigest()
    assert message["Attributes"]["MessageDeduplicationId"] == digest
    delete(sqs, url, message)
    sqs.send_message(QueueUrl=url, MessageBody=body, MessageGroupId="g")
    assert not receive(sqs, url), "a deleted message is known, too"
    sqs.send_message(QueueUrl=url, MessageBody=body, MessageGroupId="g",
                     MessageDeduplicationId="another")
    assert bodies(receive(sqs, url)) == [body]


def test_a_poll_waits_until_the_group_is_free(sqs, fifo):
    for body in ("a1", "a2"):
        send(sqs, fifo, body, "a")
    [first] = receive(sqs, fifo)
    with concurrent.futures.ThreadPoolExecutor(1) as pool:
        poll = pool.submit(receive, sqs, fifo, WaitTimeSeconds=20)
        assert not concurrent.futures.wait([poll], 0.3).done
        delete(sqs, fifo, first)
        assert bodies(poll.result(5)) == ["a2"]


def test_groups_keep_their_order_whatever_fails(sqs, fifo):
    chance = random.Random(16)
    sent = collections.defaultdict(list)
    for number in range(60):
        group = chance.choice("abcd")
        send(sqs, fifo, f"{group}{number}", group)
        sent[group].append(f"{group}{number}")
    done = collections.defaultdict(list)
    held = set()
    while done != sent:
        messages = receive(sqs, fifo, MaxNumberOfMessages=chance.randint(1, 4),
                           AttributeNames=["MessageGroupId"])
        assert messages, "something was left, and nothing in flight"
        failed = set()
        for message in messages:
            group = message["Attributes"]["MessageGroupId"]
            assert group not in held
            if group in failed or chance.random() < 0.3:
                # Its worker died: all that it had of the group comes back.
                failed.add(group)
                sqs.change_message_visibility(QueueUrl=fifo, VisibilityTimeout=0,
                                              ReceiptHandle=message["ReceiptHandle"])
            else:
                delete(sqs, fifo, message)
                done[group].append(message["Body"])
    assert depth(sqs, fifo) == (0, 0, 0)


def test_a_repeated_receive_gets_the_same(sqs, fifo):
    for body in ("a1", "a2", "b1"):
        send(sqs, fifo, body, body[0])
    first = receive(sqs, fifo, MaxNumberOfMessages=2, ReceiveRequestAttemptId="x")
    again = receive(sqs, fifo, MaxNumberOfMessages=2, ReceiveRequestAttemptId="x")
    assert bodies(first) == ["a1", "a2"]
    assert [message["ReceiptHandle"] for message in again] == [
        message["ReceiptHandle"] for message in first
    ]
    delete(sqs, fifo, first[0])
    assert bodies(receive(sqs, fifo, ReceiveRequestAttemptId="x")) == ["b1"]
    assert error_of(sqs.receive_message, QueueUrl=fifo,
                    ReceiveRequestAttemptId="x y") == ("InvalidParameterValue", 400)


def test_dead_letters_go_to_a_fifo_queue(sqs, fifo):
    dead = sqs.create_queue(QueueName="dead.fifo", Attributes={"FifoQueue": "true"})["QueueUrl"]
    wrong = {"RedrivePolicy": redrive("jobs-dlq", 1)}
    assert error_of(sqs.set_queue_attributes, QueueUrl=fifo,
                    Attributes=wrong) == ("InvalidParameterValue", 400)
    sqs.set_queue_attributes(QueueUrl=fifo, Attributes={"RedrivePolicy": redrive("dead.fifo", 1)})
    for body in ("a1", "a2", "b1"):
        send(sqs, fifo, body, body[0])
    assert bodies(receive(sqs, fifo, VisibilityTimeout=0)) == ["a1"]
    assert bodies(receive(sqs, fifo, MaxNumberOfMessages=10)) == ["a2", "b1"]
    [message] = receive(sqs, dead, MaxNumberOfMessages=10, AttributeNames=["All"])
    assert message["Body"] == "a1"
    assert message["Attributes"]["MessageGroupId"] == "a"
    assert message["Attributes"]["ApproximateReceiveCount"] == "2"
    assert sqs.list_dead_letter_source_queues(QueueUrl=dead)["queueUrls"] == [fifo]


def test_an_expired_handle_is_refused(sqs, fifo):
    send(sqs, fifo, "a", "g")
    [message] = receive(sqs, fifo)
    handle = {"QueueUrl": fifo, "ReceiptHandle": message["ReceiptHandle"]}
    sqs.change_message_visibility(VisibilityTimeout=0, **handle)
    assert error_of(sqs.delete_message, **handle) == ("InvalidParameterValue", 400)
    assert depth(sqs, fifo) == (1, 0, 0)


def test_standard_queues_tell_the_group_of_a_fair_queue(sqs, url):
    sqs.send_message(QueueUrl=url, MessageBody="x", MessageGroupId="tenant")
    [message] = receive(sqs, url, AttributeNames=["All"])
    assert message["Attributes"]["MessageGroupId"] == "tenant"
    assert "SequenceNumber" not in message["Attributes"]
    assert error_of(sqs.send_message, QueueUrl=url, MessageBody="x",
                    MessageDeduplicationId="1") == ("InvalidParameterValue", 400)


def test_order_and_memory_survive_a_restart(emulator, tmp_path):
    def start():
        started = emulator(state_dir=tmp_path / "state")
        watch(started.aws.sqs)
        return started, started.aws.sqs

    first, sqs = start()
    url = sqs.create_queue(QueueName="q.fifo",
                           Attributes={
                               "FifoQueue": "true",
                               "DeduplicationScope": "messageGroup",
                               "FifoThroughputLimit": "perMessageGroupId",
                               "KmsMasterKeyId": "alias/aws/sqs"
                           })["QueueUrl"]
    before = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["All"])["Attributes"]
    sent = [send(sqs, url, body, body[0], "same" + body[1]) for body in ("a1", "b1", "a2", "a3")]
    [held] = receive(sqs, url, VisibilityTimeout=600)
    first.process.stop()

    _, sqs = start()
    after = sqs.get_queue_attributes(QueueUrl="q.fifo", AttributeNames=["All"])["Attributes"]
    lasting = {"DeduplicationScope", "FifoThroughputLimit", "FifoQueue", "KmsMasterKeyId",
               "SqsManagedSseEnabled"}
    assert {name: after[name] for name in lasting} == {name: before[name] for name in lasting}
    again = send(sqs, "q.fifo", "a1", "a", "same1")
    assert again["SequenceNumber"] == sent[0]["SequenceNumber"]
    assert again["MessageId"] == sent[0]["MessageId"]
    assert bodies(receive(sqs, "q.fifo", MaxNumberOfMessages=10)) == ["b1"]
    delete(sqs, "q.fifo", held)
    assert bodies(receive(sqs, "q.fifo", MaxNumberOfMessages=10)) == ["a2", "a3"]
    new = send(sqs, "q.fifo", "a4", "a", "same4")
    assert new["SequenceNumber"] > sent[-1]["SequenceNumber"]


def test_the_scaler_works_off_a_fifo_job_queue(emulator, bootstrap):
    started = emulator(queue="jobs.fifo", lambda_=bootstrap, schedule="1s", task_start="100ms",
                       task_stop="100ms", work_time="100ms",
                       env=["SCALE_UP_TARGET=2", "SCALE_DOWN_THRESHOLD=0.02", "BUSY_WINDOW=1"])
    for number in range(4):
        started.aws.sqs.send_message(QueueUrl=started.queue_url, MessageBody=str(number),
                                     MessageGroupId=str(number % 2))
    wait_until(lambda: started.call("status")["totals"]["processed"] == 4, 40,
               what="four processed messages")
    wait_until(lambda: started.tasks() == (0, 0), 60, what="zero tasks")
    assert started.call("status")["lambda"]["errors"] == 0
