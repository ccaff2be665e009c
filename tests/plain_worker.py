"""A worker as many are: it receives, works and deletes, and does nothing about being stopped.

One line at the beginning and one at the end of each work go to WORK_LOG. The work takes as many
seconds as the message says.
"""

import os
import time

import boto3

sqs = boto3.client("sqs")
queue = os.environ["SQS_QUEUE_URL"]
with open(os.environ["WORK_LOG"], "a", buffering=1) as log:
    while True:
        for message in sqs.receive_message(QueueUrl=queue, WaitTimeSeconds=5).get("Messages", []):
            name, seconds = message["Body"].split()
            log.write(f"begin {name}\n")
            time.sleep(float(seconds))
            log.write(f"end {name}\n")
            sqs.delete_message(QueueUrl=queue, ReceiptHandle=message["ReceiptHandle"])
