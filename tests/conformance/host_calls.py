"""A child process of test_emulator_host.py: asks the emulator at a port under several names and
prints what it saw as one JSON object. The names mean what the second argument says. With a queue's
name as the third it only sends a message there."""

import json
import socket
import sys

import boto3
import botocore.config
import botocore.exceptions

PORT, NAMES = sys.argv[1], json.loads(sys.argv[2])
JOBS = sys.argv[3] if len(sys.argv) > 3 else ""
ask_the_system = socket.getaddrinfo


def getaddrinfo(host, *arguments, **more):
    return ask_the_system(NAMES.get(host, host), *arguments, **more)


def urls(name):
    """What each call that tells a queue's URL tells, or the status of a refusal."""
    sqs = boto3.client("sqs", endpoint_url=f"http://{name}:{PORT}", region_name="us-east-1",
                       aws_access_key_id="test", aws_secret_access_key="test",
                       config=botocore.config.Config(retries={"total_max_attempts": 1}, proxies={}))
    try:
        if JOBS:
            return sqs.send_message(QueueUrl=JOBS, MessageBody="one")["MessageId"]
        made = sqs.create_queue(QueueName="made")["QueueUrl"]
        sqs.send_message(QueueUrl=made, MessageBody="one")
        message, = sqs.receive_message(QueueUrl=made, WaitTimeSeconds=1)["Messages"]
        sqs.delete_message(QueueUrl=made, ReceiptHandle=message["ReceiptHandle"])
        return sorted({made, sqs.get_queue_url(QueueName="made")["QueueUrl"],
                       *sqs.list_queues(QueueNamePrefix="made")["QueueUrls"],
                       sqs.list_dead_letter_source_queues(
                           QueueUrl=f"http://{name}:{PORT}/000000000000/jobs-dlq"
                       )["queueUrls"][0].replace("/jobs", "/made")})
    except botocore.exceptions.ClientError as error:
        return error.response["ResponseMetadata"]["HTTPStatusCode"]


socket.getaddrinfo = getaddrinfo
json.dump({name: urls(name) for name in NAMES}, sys.stdout)
