"""What the tests of the emulated SQS ask again and again."""

import json

from support import REGION

SQS_ARN = f"arn:aws:sqs:{REGION}:000000000000:"


def redrive(queue, count, **more):
    return json.dumps({"deadLetterTargetArn": SQS_ARN + queue, "maxReceiveCount": count, **more})


def receive(sqs, url, **arguments):
    return sqs.receive_message(QueueUrl=url, **arguments).get("Messages", [])


def depth(sqs, url):
    names = [
        "ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible",
        "ApproximateNumberOfMessagesDelayed"
    ]
    attributes = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=names)["Attributes"]
    return tuple(int(attributes[name]) for name in names)
