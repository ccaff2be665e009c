"""The emulated SQS's queues, driven by boto3; every answer is checked against botocore's model."""

import json
import time

import pytest

from sqs_calls import SQS_ARN, depth, receive, redrive
from strict import error_of
from support import aws_session, has_endpoint_line, wait_until


def test_queues_are_made_found_listed_and_deleted(aws, sqs):
    url = sqs.create_queue(QueueName="one", tags={"team": "blue"})["QueueUrl"]
    assert url == f"{aws.endpoint}/000000000000/one"
    assert sqs.get_queue_url(QueueName="one")["QueueUrl"] == url
    assert sqs.get_queue_url(QueueName="one", QueueOwnerAWSAccountId="000000000000")
    assert error_of(sqs.get_queue_url, QueueName="one",
                    QueueOwnerAWSAccountId="1" * 12) == ("QueueDoesNotExist", 400)
    with pytest.raises(sqs.exceptions.QueueDoesNotExist, match="asks for one of account 1{12} "):
        sqs.get_queue_url(QueueName="one", QueueOwnerAWSAccountId="1" * 12)
    assert sqs.list_queues()["QueueUrls"] == [
        f"{aws.endpoint}/000000000000/{name}" for name in ("jobs", "jobs-dlq", "one")
    ]
    assert "QueueUrls" not in sqs.list_queues(QueueNamePrefix="none")
    sqs.delete_queue(QueueUrl=url)
    assert error_of(sqs.get_queue_url, QueueName="one") == ("QueueDoesNotExist", 400)
    assert error_of(sqs.delete_queue, QueueUrl=url) == ("QueueDoesNotExist", 400)
    assert error_of(sqs.create_queue, QueueName="one") == ("QueueDeletedRecently", 400)


def test_lists_come_in_pages(sqs):
    for number in range(7):
        sqs.create_queue(QueueName=f"page-{number}")
    pages = list(
        sqs.get_paginator("list_queues").paginate(QueueNamePrefix="page-",
                                                  PaginationConfig={"PageSize": 3}))
    assert [len(page["QueueUrls"]) for page in pages] == [3, 3, 1]
    assert len({url for page in pages for url in page["QueueUrls"]}) == 7
    assert "NextToken" not in sqs.list_queues(QueueNamePrefix="page-", MaxResults=7)
    assert error_of(sqs.list_queues, MaxResults=1001)[0] == "InvalidParameterValue"
    assert error_of(sqs.list_queues, MaxResults=1, NextToken="%%")[0] == "InvalidParameterValue"


def test_creating_again_needs_the_same_attributes(sqs, url):
    assert sqs.create_queue(QueueName="q")["QueueUrl"] == url
    assert sqs.create_queue(QueueName="q", Attributes={"VisibilityTimeout": "2"})
    with pytest.raises(sqs.exceptions.QueueNameExists) as caught:
        sqs.create_queue(QueueName="q", Attributes={"VisibilityTimeout": "3"})
    assert "VisibilityTimeout" in str(caught.value)


@pytest.mark.parametrize("name", ["", "a" * 81, "with space", "dot.ted", "ümlaut", "a/b"])
def test_refuses_names(raw, name):
    assert error_of(raw.create_queue,
                    QueueName=name)[0] in ("InvalidParameterValue", "MissingParameter")


@pytest.mark.parametrize("name, bad", [
    ("VisibilityTimeout", ["-1", "43201", "x", "", "1.5", " 1"]),
    ("DelaySeconds", ["-1", "901"]),
    ("MessageRetentionPeriod", ["59", "1209601"]),
    ("ReceiveMessageWaitTimeSeconds", ["-1", "21"]),
    ("MaximumMessageSize", ["1023", "1048577"]),
    ("KmsDataKeyReusePeriodSeconds", ["59", "86401", ""]),
    ("SqsManagedSseEnabled", ["", "yes"]),
    ("Policy", ["{", "{}", "[]"]),
    ("RedriveAllowPolicy", ["{", "[]", '{"redrivePermission":"none"}']),
])
def test_refuses_attribute_values(sqs, url, name, bad):
    for value in bad:
        assert error_of(sqs.set_queue_attributes, QueueUrl=url,
                        Attributes={name: value}) == ("InvalidAttributeValue", 400), value


@pytest.mark.parametrize("bad", [
    "{", "[]", '{"maxReceiveCount":3}',
    redrive("none", 3),
    redrive("q", 3),
    redrive("jobs", 0),
    redrive("jobs", 1001),
    redrive("jobs", "x"),
    redrive("jobs", 1, extra=1), '{"deadLetterTargetArn":"x","maxReceiveCount":3}'
])
def test_refuses_redrive_policies(sqs, url, bad):
    assert error_of(sqs.set_queue_attributes, QueueUrl=url,
                    Attributes={"RedrivePolicy": bad}) == ("InvalidParameterValue", 400)


def test_attributes_without_effect_are_kept_and_told(sqs, url):
    kept = {
        "KmsDataKeyReusePeriodSeconds": "600",
        "KmsMasterKeyId": "alias/aws/sqs",
        "Policy": json.dumps({"Version": "2012-10-17", "Statement": []}),
        "RedriveAllowPolicy": json.dumps({
            "redrivePermission": "byQueue",
            "sourceQueueArns": [SQS_ARN + "jobs"]
        })
    }
    read = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=[*kept, "SqsManagedSseEnabled"])
    assert read["Attributes"] == {"SqsManagedSseEnabled": "true"}
    sqs.set_queue_attributes(QueueUrl=url, Attributes=kept)
    read = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["All"])["Attributes"]
    assert kept.items() <= read.items()
    assert read["SqsManagedSseEnabled"] == "false"
    made = sqs.create_queue(QueueName="made", Attributes={**kept, "SqsManagedSseEnabled": "false"})
    read = sqs.get_queue_attributes(QueueUrl=made["QueueUrl"], AttributeNames=list(kept))
    assert read["Attributes"] == kept


def test_attributes_are_set_and_read(sqs, url):
    values = {
        "DelaySeconds": "3",
        "MaximumMessageSize": "2048",
        "MessageRetentionPeriod": "120",
        "ReceiveMessageWaitTimeSeconds": "1",
        "VisibilityTimeout": "0",
        "RedrivePolicy": redrive("jobs", "7")
    }
    sqs.set_queue_attributes(QueueUrl=url, Attributes=values)
    read = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["All"])["Attributes"]
    assert {
        name: read[name]
        for name in values if name != "RedrivePolicy"
    } == {
        name: value
        for name, value in values.items() if name != "RedrivePolicy"
    }
    assert read["RedrivePolicy"].endswith('"maxReceiveCount":7}')
    assert read["QueueArn"] == SQS_ARN + "q"
    assert abs(int(read["CreatedTimestamp"]) - time.time()) < 60
    sqs.set_queue_attributes(QueueUrl=url, Attributes={"RedrivePolicy": ""})
    assert "RedrivePolicy" not in sqs.get_queue_attributes(QueueUrl=url,
                                                           AttributeNames=["All"])["Attributes"]
    assert "Attributes" not in sqs.get_queue_attributes(QueueUrl=url)
    two = ["QueueArn", "DelaySeconds", "QueueArn"]
    assert set(sqs.get_queue_attributes(QueueUrl=url, AttributeNames=two)["Attributes"]) == set(two)


def test_refuses_attribute_names(sqs, url):
    assert error_of(sqs.get_queue_attributes, QueueUrl=url,
                    AttributeNames=["Nope"]) == ("InvalidAttributeName", 400)
    assert error_of(sqs.set_queue_attributes, QueueUrl=url,
                    Attributes={"Nope": "1"}) == ("InvalidAttributeName", 400)
    assert error_of(sqs.get_queue_attributes, QueueUrl=url,
                    AttributeNames=["FifoQueue"]) == ("InvalidAttributeName", 400)
    assert error_of(sqs.set_queue_attributes,
                    QueueUrl=url,
                    Attributes={
                        "KmsMasterKeyId": "1",
                        "SqsManagedSseEnabled": "true"
                    }) == ("InvalidAttributeName", 400)


def test_tags(sqs, url):
    assert "Tags" not in sqs.list_queue_tags(QueueUrl=url)
    sqs.tag_queue(QueueUrl=url, Tags={"a": "1", "b": ""})
    sqs.untag_queue(QueueUrl=url, TagKeys=["a", "never"])
    assert sqs.list_queue_tags(QueueUrl=url)["Tags"] == {"b": ""}
    assert error_of(sqs.tag_queue, QueueUrl=url, Tags={"aws:x": "1"})[0] == "InvalidParameterValue"


def test_purge(sqs, url):
    sqs.send_message(QueueUrl=url, MessageBody="x")
    sqs.send_message(QueueUrl=url, MessageBody="x", DelaySeconds=10)
    receive(sqs, url)
    sqs.purge_queue(QueueUrl=url)
    assert depth(sqs, url) == (0, 0, 0)
    assert error_of(sqs.purge_queue, QueueUrl=url)[0] == "PurgeQueueInProgress"


def test_a_dead_letter_queue_knows_its_sources(aws, sqs, url):
    pages = sqs.get_paginator("list_dead_letter_source_queues")
    assert sqs.list_dead_letter_source_queues(QueueUrl=url)["queueUrls"] == []
    for number in range(3):
        sqs.create_queue(QueueName=f"source-{number}",
                         Attributes={"RedrivePolicy": redrive("q", 3)})
    found = [page["queueUrls"] for page in pages.paginate(QueueUrl=url,
                                                          PaginationConfig={"PageSize": 2})]
    sources = [f"{aws.endpoint}/000000000000/source-{number}" for number in range(3)]
    assert found == [sources[:2], sources[2:]]


def test_the_queues_of_regions_are_apart(aws, sqs, url):
    there = aws_session().client("sqs", endpoint_url=aws.endpoint, region_name="eu-north-1",
                                 aws_access_key_id="AKID", aws_secret_access_key="secret")
    assert error_of(there.get_queue_url, QueueName="q") == ("QueueDoesNotExist", 400)
    with pytest.raises(there.exceptions.QueueDoesNotExist, match="There is one in us-east-1"):
        there.send_message(QueueUrl=url, MessageBody="x")
    assert there.create_queue(QueueName="q")["QueueUrl"] == url
    there.send_message(QueueUrl=url, MessageBody="x")
    assert (depth(there, url), depth(sqs, url)) == ((1, 0, 0), (0, 0, 0))
    assert there.list_queues()["QueueUrls"] == [url]


@pytest.mark.parametrize("variables, flags", [
    ({"AWS_REGION": "eu-north-1", "AWS_DEFAULT_REGION": "eu-west-1"}, []),
    ({"AWS_REGION": None, "AWS_DEFAULT_REGION": "eu-north-1"}, []),
    ({}, ["--region", "eu-north-1"])])
def test_the_job_queue_is_in_the_region_of_the_environment(start_process, ecs_scaler, variables,
                                                           flags):
    started = start_process([ecs_scaler, "emulate", "--cluster", "c", "--service", "s", "--queue",
                             "jobs", *flags], variables, ready=has_endpoint_line)
    endpoint = json.loads(started.stdout().splitlines()[0])["endpoint"]
    there = aws_session().client("sqs", endpoint_url=endpoint, region_name="eu-north-1",
                                 aws_access_key_id="AKID", aws_secret_access_key="secret")
    arn = there.get_queue_attributes(QueueUrl="jobs", AttributeNames=["QueueArn"])
    assert arn["Attributes"]["QueueArn"] == "arn:aws:sqs:eu-north-1:000000000000:jobs"


def test_a_fifo_job_queue_has_a_fifo_dead_letter_queue(emulator):
    started = emulator(queue="jobs.fifo", max_receive_count=1, visibility_timeout="1s",
                       no_workers=True)
    sqs = started.aws.sqs
    attributes = sqs.get_queue_attributes(QueueUrl=started.queue_url,
                                          AttributeNames=["All"])["Attributes"]
    assert attributes["FifoQueue"] == "true"
    assert json.loads(attributes["RedrivePolicy"])["deadLetterTargetArn"].endswith(":jobs-dlq.fifo")
    sqs.send_message(QueueUrl=started.queue_url, MessageBody="x", MessageGroupId="g")
    assert receive(sqs, started.queue_url, VisibilityTimeout=0)
    assert receive(sqs, started.queue_url) == []
    assert depth(sqs, "jobs-dlq.fifo") == (1, 0, 0)


def test_workers_take_from_a_fifo_job_queue(emulator):
    started = emulator(queue="jobs.fifo", task_start="100ms", work_time="100ms")
    started.aws.ecs.update_service(cluster="test", service="worker", desiredCount=2)
    for number in range(6):
        started.aws.sqs.send_message(QueueUrl=started.queue_url, MessageBody=str(number),
                                     MessageGroupId=f"group {number % 2}".replace(" ", "-"))
    wait_until(lambda: started.call("status")["totals"]["processed"] == 6,
               what="six processed messages")


def test_what_others_delete_is_not_lost(emulator):
    started = emulator()
    started.send(3)
    for message in receive(started.aws.sqs, started.queue_url, MaxNumberOfMessages=2):
        started.aws.sqs.delete_message(QueueUrl=started.queue_url,
                                       ReceiptHandle=message["ReceiptHandle"])
    totals = started.call("status")["totals"]
    assert (totals["deleted_by_others"], totals["lost"]) == (2, 0)
    started.aws.sqs.purge_queue(QueueUrl=started.queue_url)
    totals = started.call("status")["totals"]
    assert (totals["deleted_by_others"], totals["lost"]) == (2, 1)


def test_dead_letters_are_moved_back(aws, sqs, url):
    dead = sqs.create_queue(QueueName="dead")["QueueUrl"]
    sqs.set_queue_attributes(QueueUrl=url, Attributes={"RedrivePolicy": redrive("dead", 1)})
    sqs.send_message(QueueUrl=url, MessageBody="x", MessageAttributes={
        "kind": {"DataType": "String", "StringValue": "a"}})
    for _ in range(2):
        receive(sqs, url, VisibilityTimeout=0)
    assert depth(sqs, dead) == (1, 0, 0)
    source = f"{SQS_ARN}dead"
    assert sqs.start_message_move_task(SourceArn=source)["TaskHandle"]
    [task] = sqs.list_message_move_tasks(SourceArn=source)["Results"]
    assert (task["Status"], task["ApproximateNumberOfMessagesMoved"]) == ("COMPLETED", 1)
    [message] = receive(sqs, url, MessageAttributeNames=["All"], AttributeNames=["All"])
    assert message["MessageAttributes"]["kind"]["StringValue"] == "a"
    assert message["Attributes"]["ApproximateReceiveCount"] == "1"
