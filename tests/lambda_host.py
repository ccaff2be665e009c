"""A Lambda for one function of an AWS that does not run functions: the Runtime API for a real
`bootstrap`, and the pollers of its event source mappings. It does nothing by itself: a test says
when the schedule fires and when a mapping is polled.
"""

import contextlib
import http.server
import json
import queue
import threading
import time
import uuid

API = "/2018-06-01/runtime/"
SYSTEM_ATTRIBUTES = ("ApproximateReceiveCount", "SentTimestamp", "SenderId",
                     "ApproximateFirstReceiveTimestamp")


class FunctionError(Exception):
    """The function answered with an error, or did not start."""


class RuntimeApi(http.server.ThreadingHTTPServer):
    """What a custom runtime talks to. One invocation at a time."""

    daemon_threads = True

    def __init__(self):
        self.events, self.answers = queue.Queue(), queue.Queue()
        super().__init__(("127.0.0.1", 0), RuntimeRequest)
        threading.Thread(target=self.serve_forever, daemon=True).start()

    @property
    def address(self):
        return f"127.0.0.1:{self.server_port}"

    def invoke(self, event, arn, timeout):
        """The function's answer. Raises FunctionError; TimeoutError after `timeout` seconds."""
        request = str(uuid.uuid4())
        self.events.put((request, arn, int((time.time() + timeout) * 1000), json.dumps(event)))
        try:
            kind, answered, body = self.answers.get(timeout=timeout)
        except queue.Empty:
            raise TimeoutError(f"no answer within {timeout} s") from None
        if kind != "response":
            raise FunctionError(body)
        assert answered == request
        return json.loads(body)


class RuntimeRequest(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_message(self, *_):
        pass

    def reply(self, status, body=b"", headers=()):
        self.send_response(status)
        for name, value in headers:
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def do_GET(self):
        assert self.path == API + "invocation/next", self.path
        request, arn, deadline, event = self.server.events.get()
        with contextlib.suppress(OSError):
            self.reply(200, event.encode(), [("Lambda-Runtime-Aws-Request-Id", request),
                                             ("Lambda-Runtime-Invoked-Function-Arn", arn),
                                             ("Lambda-Runtime-Deadline-Ms", str(deadline))])

    def do_POST(self):
        body = self.rfile.read(int(self.headers.get("Content-Length", 0))).decode()
        parts = self.path.removeprefix(API).split("/")
        if parts == ["init", "error"]:
            self.server.answers.put(("init", "", body))
        else:
            self.server.answers.put((parts[2], parts[1], body))
        self.reply(202)


class LambdaHost:
    """The function as it is deployed: `configuration` is GetFunctionConfiguration's answer, and
    `aws` are clients with the credentials under which the pollers work: the role's. Queues are
    looked up with those of `directory`: Lambda itself knows them by their ARNs.
    """

    def __init__(self, configuration, aws, directory=None):
        self.configuration, self.aws, self.directory = configuration, aws, directory or aws
        self.name, self.arn = configuration["FunctionName"], configuration["FunctionArn"]
        self.api = RuntimeApi()

    def environment(self, keys, endpoint):
        """What the program is started with: the function's own variables and Lambda's."""
        memory = self.configuration["MemorySize"]
        return {**self.configuration["Environment"]["Variables"], **keys,
                "AWS_LAMBDA_RUNTIME_API": self.api.address, "AWS_LAMBDA_FUNCTION_NAME": self.name,
                "AWS_LAMBDA_FUNCTION_MEMORY_SIZE": memory, "_HANDLER": "bootstrap",
                "AWS_ENDPOINT_URL": endpoint}

    def invoke(self, event):
        return self.api.invoke(event, self.arn, self.configuration["Timeout"])

    def fire(self, rule):
        """What EventBridge sends for a scheduled rule."""
        account = self.arn.split(":")[4]
        return self.invoke({"version": "0", "id": str(uuid.uuid4()), "source": "aws.events",
                            "detail-type": "Scheduled Event", "account": account,
                            "time": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()),
                            "region": self.arn.split(":")[3], "resources": [rule["Arn"]],
                            "detail": {}})

    def poll(self, mapping):
        """One poll of a mapping as it now is; the received messages, [] while it is disabled.
        What the answer does not list as failed is deleted, as by Lambda.
        """
        if mapping["State"] != "Enabled":
            return []
        arn = mapping["EventSourceArn"]
        url = self.directory.sqs.get_queue_url(QueueName=arn.split(":")[5])["QueueUrl"]
        messages = self.aws.sqs.receive_message(
            QueueUrl=url, MaxNumberOfMessages=min(mapping["BatchSize"], 10),
            AttributeNames=["All"]).get("Messages", [])
        if not messages:
            return []
        answer = self.invoke({"Records": [record_of(message, arn) for message in messages]})
        assert mapping["FunctionResponseTypes"] == ["ReportBatchItemFailures"], mapping
        failed = {item["itemIdentifier"] for item in (answer or {}).get("batchItemFailures", [])}
        for message in messages:
            if message["MessageId"] not in failed:
                self.aws.sqs.delete_message(QueueUrl=url, ReceiptHandle=message["ReceiptHandle"])
        return messages

    def close(self):
        self.api.shutdown()
        self.api.server_close()


def record_of(message, arn):
    attributes = {name: message["Attributes"][name] for name in SYSTEM_ATTRIBUTES
                  if name in message["Attributes"]}
    return {"messageId": message["MessageId"], "receiptHandle": message["ReceiptHandle"],
            "body": message["Body"], "attributes": attributes, "messageAttributes": {},
            "md5OfBody": message["MD5OfBody"], "eventSource": "aws:sqs", "eventSourceARN": arn,
            "awsRegion": arn.split(":")[3]}
