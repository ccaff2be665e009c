"""A child process of test_emulator_query.py, under a botocore of before SQS's JSON protocol, whose
folder is the first argument; the second is the endpoint. It prints what it saw as one JSON object.
"""

import json
import sys

sys.path.insert(0, sys.argv[1])

import boto3  # noqa: E402
import botocore  # noqa: E402
import botocore.config  # noqa: E402
import botocore.exceptions  # noqa: E402

BODY = "tab\tcarriage\r\nline <&>\"' é 𝄞 %41+%2B&a=b"
BINARY = b"\xff\xfb\x00"


def client(endpoint, service, **keys):
    config = botocore.config.Config(retries={"total_max_attempts": 1}, proxies={})
    keys = keys or {"aws_access_key_id": "test", "aws_secret_access_key": "test"}
    return boto3.Session().client(service, region_name="us-east-1", endpoint_url=endpoint,
                                  config=config, **keys)


def error_of(call, **arguments):
    try:
        call(**arguments)
    except botocore.exceptions.ClientError as error:
        return [error.response["Error"]["Code"],
                error.response["ResponseMetadata"]["HTTPStatusCode"], type(error).__name__]
    return "no error"


def queues(sqs):
    url = sqs.create_queue(QueueName="old", Attributes={"VisibilityTimeout": "7"},
                           tags={"team": "blue"})["QueueUrl"]
    sqs.set_queue_attributes(QueueUrl=url, Attributes={"DelaySeconds": "0",
                                                       "ReceiveMessageWaitTimeSeconds": "0"})
    sqs.tag_queue(QueueUrl=url, Tags={"a": "1", "b": "2"})
    sqs.untag_queue(QueueUrl=url, TagKeys=["a", "team"])
    first = sqs.list_queues(MaxResults=2)
    return url, {
        "url": url,
        "found": sqs.get_queue_url(QueueName="old")["QueueUrl"],
        "attributes": sqs.get_queue_attributes(QueueUrl=url,
                                               AttributeNames=["VisibilityTimeout",
                                                               "DelaySeconds"])["Attributes"],
        "all": sorted(sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["All"])["Attributes"]),
        "tags": sqs.list_queue_tags(QueueUrl=url)["Tags"],
        "pages": [first["QueueUrls"],
                  sqs.list_queues(MaxResults=2, NextToken=first["NextToken"])["QueueUrls"]],
    }


def messages(sqs, url):
    sqs.send_message(QueueUrl=url, MessageBody=BODY, MessageAttributes={
        "text": {"DataType": "String", "StringValue": "x y\r\n"},
        "bytes": {"DataType": "Binary", "BinaryValue": BINARY},
        "number": {"DataType": "Number.int", "StringValue": "5"}})
    # Celery asks in this way: an empty list.
    message, = sqs.receive_message(QueueUrl=url, AttributeNames=["All"], WaitTimeSeconds=1,
                                   MessageAttributeNames=["All"])["Messages"]
    empty = sqs.receive_message(QueueUrl=url, AttributeNames=[], WaitTimeSeconds=0)
    sqs.change_message_visibility(QueueUrl=url, ReceiptHandle=message["ReceiptHandle"],
                                  VisibilityTimeout=30)
    sqs.delete_message(QueueUrl=url, ReceiptHandle=message["ReceiptHandle"])
    found = message["MessageAttributes"]
    return {
        "body": message["Body"] == BODY,
        "text": found["text"], "number": found["number"],
        "bytes": found["bytes"]["BinaryValue"] == BINARY,
        "system": sorted(message["Attributes"]),
        "empty": sorted(empty),
    }


def batches(sqs, url):
    sent = sqs.send_message_batch(QueueUrl=url, Entries=[
        {"Id": str(n), "MessageBody": f"m{n}", "MessageAttributes": {
            "n": {"DataType": "Number", "StringValue": str(n)}}} for n in range(10)])
    taken = sqs.receive_message(QueueUrl=url, MaxNumberOfMessages=10,
                                MessageAttributeNames=["n"])["Messages"]
    handles = [message["ReceiptHandle"] for message in taken]
    changed = sqs.change_message_visibility_batch(QueueUrl=url, Entries=[
        {"Id": "good", "ReceiptHandle": handles[0], "VisibilityTimeout": 60},
        {"Id": "bad", "ReceiptHandle": "nonsense", "VisibilityTimeout": 60}])
    deleted = sqs.delete_message_batch(QueueUrl=url, Entries=[
        {"Id": str(n), "ReceiptHandle": handle} for n, handle in enumerate(handles)])
    stale = sqs.change_message_visibility_batch(QueueUrl=url, Entries=[
        {"Id": "gone", "ReceiptHandle": handles[0], "VisibilityTimeout": 60}])
    return {
        "sent": [entry["Id"] for entry in sent["Successful"]],
        "bodies": [message["Body"] for message in taken],
        "numbers": [message["MessageAttributes"]["n"]["StringValue"] for message in taken],
        "changed": [entry["Id"] for entry in changed["Successful"]],
        "failed": [[entry["Id"], entry["Code"], entry["SenderFault"]]
                   for entry in changed["Failed"] + stale["Failed"]],
        "deleted": len(deleted["Successful"]),
    }


def errors(sqs, url):
    gone = url + "-gone"
    return {
        "no queue": error_of(sqs.get_queue_url, QueueName="none"),
        "no url": error_of(sqs.send_message, QueueUrl=gone, MessageBody="x"),
        "exists": error_of(sqs.create_queue, QueueName="old",
                           Attributes={"VisibilityTimeout": "8"}),
        "name": error_of(sqs.create_queue, QueueName="a b"),
        "empty": error_of(sqs.send_message_batch, QueueUrl=url, Entries=[]),
        "many": error_of(sqs.delete_message_batch, QueueUrl=url, Entries=[
            {"Id": str(n), "ReceiptHandle": "x"} for n in range(11)]),
        "twice": error_of(sqs.delete_message_batch, QueueUrl=url, Entries=[
            {"Id": "a", "ReceiptHandle": "x"}] * 2),
        "handle": error_of(sqs.delete_message, QueueUrl=url, ReceiptHandle="x"),
        "range": error_of(sqs.receive_message, QueueUrl=url, MaxNumberOfMessages=11),
        "purged": [error_of(sqs.purge_queue, QueueUrl=url) for _ in range(2)],
        "deleted": [error_of(sqs.delete_queue, QueueUrl=url),
                    error_of(sqs.create_queue, QueueName="old")],
    }


def main():
    endpoint = sys.argv[2]
    sqs = client(endpoint, "sqs")
    url, made = queues(sqs)
    report = {"botocore": botocore.__version__, "queues": made, "messages": messages(sqs, url),
              "batches": batches(sqs, url), "errors": errors(sqs, url)}
    json.dump(report, sys.stdout)


main()
