"""A child process of test_clients.py: the calls of a user of boto3, and what they brought as one
JSON object."""

import datetime
import json
import sys
import time

import boto3
import botocore.config
import botocore.exceptions

INPUT = json.loads(sys.argv[1])
CONFIG = botocore.config.Config(retries={"total_max_attempts": 1})


def error_of(call, **arguments):
    try:
        call(**arguments)
    except botocore.exceptions.ClientError as error:
        return error.response["Error"]["Code"].rpartition(".")[2]
    return "no error"


def messages(sqs):
    url = sqs.create_queue(QueueName="clients", Attributes={"VisibilityTimeout": "60"})["QueueUrl"]
    sqs.send_message(QueueUrl=url, MessageBody=INPUT["body"], MessageAttributes={
        "note": {"DataType": "String", "StringValue": INPUT["attribute"]}})
    one, = sqs.receive_message(QueueUrl=url, WaitTimeSeconds=1, MessageAttributeNames=["All"],
                               MessageSystemAttributeNames=["All"])["Messages"]
    sqs.delete_message(QueueUrl=url, ReceiptHandle=one["ReceiptHandle"])
    sent = sqs.send_message_batch(QueueUrl=url, Entries=[
        {"Id": name, "MessageBody": f"batch {name}"} for name in "abc"])
    many = sqs.receive_message(QueueUrl=url, WaitTimeSeconds=1, MaxNumberOfMessages=10)["Messages"]
    deleted = sqs.delete_message_batch(QueueUrl=url, Entries=[
        {"Id": str(i), "ReceiptHandle": m["ReceiptHandle"]} for i, m in enumerate(many)])
    attributes = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["All"])["Attributes"]
    return {"queue": url, "body": one["Body"],
            "attribute": one["MessageAttributes"]["note"]["StringValue"],
            "receives": one["Attributes"]["ApproximateReceiveCount"],
            "batch": [m["Body"] for m in many], "sent": len(sent["Successful"]),
            "deleted": len(deleted["Successful"]),
            "left": attributes["ApproximateNumberOfMessages"],
            "visibility": attributes["VisibilityTimeout"],
            "noQueue": error_of(sqs.get_queue_url, QueueName="none")}


def tasks(ecs):
    cluster, states = INPUT["cluster"], []
    ecs.register_task_definition(family="clients", containerDefinitions=[
        {"name": "a", "image": "b", "memory": 128}])
    made = ecs.create_service(cluster=cluster, serviceName="clients", taskDefinition="clients",
                              desiredCount=0)["service"]
    ecs.update_service(cluster=cluster, service="clients", desiredCount=2)
    while states != ["RUNNING", "RUNNING"]:
        time.sleep(0.05)
        arns = ecs.list_tasks(cluster=cluster, serviceName="clients")["taskArns"]
        if arns:
            described = ecs.describe_tasks(cluster=cluster, tasks=arns)["tasks"]
            states = [task["lastStatus"] for task in described]
    service, = ecs.describe_services(cluster=cluster, services=["clients"])["services"]
    return {"desiredBefore": made["desiredCount"],
            "created": made["createdAt"].replace(tzinfo=None) > datetime.datetime(2020, 1, 1),
            "desired": service["desiredCount"], "states": states,
            "noService": error_of(ecs.update_service, cluster=cluster, service="none",
                                  desiredCount=1)}


json.dump({"sqs": messages(boto3.client("sqs", config=CONFIG)),
           "ecs": tasks(boto3.client("ecs", config=CONFIG))}, sys.stdout)
