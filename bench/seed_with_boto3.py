"""The algorithm of the scaler's first description, with boto3, as a Lambda custom runtime.

Written anew for comparison: queue depth above zero and no task -> SCALE_UP_TARGET; queue empty for
SCALE_DOWN_THRESHOLD minutes -> zero. Clients are made once, before the first event, as is usual.
"""

import datetime
import http.client
import json
import os
import time

import boto3

QUEUE = os.environ["SQS_QUEUE_URL"]
CLUSTER = os.environ["ECS_CLUSTER_NAME"]
SERVICE = os.environ["ECS_SERVICE_NAME"]
TARGET = int(os.environ.get("SCALE_UP_TARGET", "1"))
THRESHOLD = 60 * float(os.environ.get("SCALE_DOWN_THRESHOLD", "2"))

sqs = boto3.client("sqs", region_name=os.environ["AWS_REGION"])
ecs = boto3.client("ecs", region_name=os.environ["AWS_REGION"])
empty_since = None


def scale(trigger):
    global empty_since
    attributes = sqs.get_queue_attributes(
        QueueUrl=QUEUE, AttributeNames=["ApproximateNumberOfMessages",
                                        "ApproximateNumberOfMessagesNotVisible"])["Attributes"]
    depth = sum(int(count) for count in attributes.values())
    service = ecs.describe_services(cluster=CLUSTER, services=[SERVICE])["services"][0]
    current = service["desiredCount"]
    empty_since = None if depth else empty_since or time.time()
    action = "none"
    if depth and current == 0:
        ecs.update_service(cluster=CLUSTER, service=SERVICE, desiredCount=TARGET)
        action = "scale_up"
    elif empty_since and current and time.time() - empty_since >= THRESHOLD:
        ecs.update_service(cluster=CLUSTER, service=SERVICE, desiredCount=0)
        action = "scale_down"
    return {"statusCode": 200, "body": {
        "trigger_source": trigger, "queue_depth": depth, "current_tasks": current,
        "action_taken": action, "timestamp": datetime.datetime.now(datetime.UTC).isoformat()}}


def serve():
    runtime = http.client.HTTPConnection(os.environ["AWS_LAMBDA_RUNTIME_API"])
    base = "/2018-06-01/runtime/invocation/"
    while True:
        runtime.request("GET", base + "next")
        reply = runtime.getresponse()
        event = json.loads(reply.read())
        request_id = reply.getheader("Lambda-Runtime-Aws-Request-Id")
        answer = scale("sqs" if "Records" in event else "schedule")
        print(json.dumps(answer), flush=True)
        runtime.request("POST", base + request_id + "/response", json.dumps(answer))
        runtime.getresponse().read()


if __name__ == "__main__":
    serve()
