"""What a worker's task meets in AWS over HTTP: one SQS queue, the ECS agent, credentials.

Each call may be delayed, refused or broken by a test. Messages become visible again when their time
is over, so that what the guard forgets is seen.
"""

import datetime
import email.utils
import http.server
import itertools
import json
import threading
import time

ACCOUNT = "123456789012"


class Broken(Exception):
    """Raised by `before`: the connection ends without an answer."""


class FakeTask(http.server.ThreadingHTTPServer):
    """`before(operation, body)` may sleep, raise Broken, or return (status, body[, headers]).

    Operations are SQS's, and "protect", "unprotect", "inspect", "credentials". `events` are
    (moment, operation, detail) in order; `stopped_by_scale_in()` is what ECS would do now.
    """

    daemon_threads = True
    request_queue_size = 128

    def __init__(self, visibility=30, max_receive_count=None):
        self.visibility, self.max_receive_count = visibility, max_receive_count
        self.messages = {}  # id -> [body, receipt, visible from, receives]
        self.deleted, self.given_back, self.events, self.signed = [], [], [], []
        self.paths = []  # (operation, path) of each call
        self.protected_until = None
        self.ahead = 0  # seconds that AWS's clock is ahead of the guard's
        self.before = lambda operation, body: None
        self.lock = threading.Lock()
        self.numbers = itertools.count(1)
        super().__init__(("127.0.0.1", 0), FakeTaskRequest)
        threading.Thread(target=self.serve_forever, daemon=True).start()

    def close(self):
        self.shutdown()
        self.server_close()

    @property
    def url(self):
        return f"http://127.0.0.1:{self.server_port}"

    @property
    def queue_url(self):
        return f"{self.url}/{ACCOUNT}/jobs"

    def environment(self):
        """Of the container: its keys come from the role, not from variables."""
        return {"AWS_ACCESS_KEY_ID": None, "AWS_SECRET_ACCESS_KEY": None,
                "AWS_ENDPOINT_URL_SQS": self.url, "AWS_REGION": "us-east-1",
                "AWS_DEFAULT_REGION": "us-east-1",
                "AWS_CONTAINER_CREDENTIALS_FULL_URI": f"{self.url}/credentials",
                "ECS_AGENT_URI": f"{self.url}/agent", "QUEUE_URL": self.queue_url}

    def send(self, *bodies):
        with self.lock:
            for body in bodies:
                self.messages[f"m{next(self.numbers)}"] = [body, "", 0, 0]

    def note(self, operation, detail=""):
        self.events.append((time.monotonic(), operation, detail))

    def seen(self, operation):
        with self.lock:
            return [event for event in self.events if event[1] == operation]

    def is_protected(self):
        return self.protected_until is not None and self.protected_until > self.now()

    def now(self):
        return time.time() + self.ahead

    # --- the agent --------------------------------------------------------------------------------

    def protection(self):
        if not self.is_protected():
            return {"protection": {"ProtectionEnabled": False, "TaskArn": "arn"}}
        until = datetime.datetime.fromtimestamp(self.protected_until, datetime.timezone.utc)
        return {"protection": {"ProtectionEnabled": True, "TaskArn": "arn",
                               "ExpirationDate": until.isoformat().replace("+00:00", "Z")}}

    def protect(self, body):
        minutes = body.get("ExpiresInMinutes", 120) if body["ProtectionEnabled"] else None
        self.protected_until = None if minutes is None else self.now() + minutes * 60
        return self.protection()

    # --- SQS --------------------------------------------------------------------------------------

    def sqs(self, operation, body):
        with self.lock:
            return getattr(self, f"do_{operation}", lambda body: {})(body)

    def do_GetQueueAttributes(self, _):
        attributes = {"VisibilityTimeout": str(self.visibility),
                      "ReceiveMessageWaitTimeSeconds": "0"}
        if self.max_receive_count is not None:
            attributes["RedrivePolicy"] = json.dumps({"maxReceiveCount": self.max_receive_count})
        return {"Attributes": attributes}

    def do_GetQueueUrl(self, _):
        return {"QueueUrl": self.queue_url}

    def do_ReceiveMessage(self, body):
        end = time.monotonic() + body.get("WaitTimeSeconds", 0)
        while True:
            now, taken = time.monotonic(), []
            for key, message in self.messages.items():
                if message[2] <= now and len(taken) < body.get("MaxNumberOfMessages", 1):
                    message[1] = f"r{next(self.numbers)}"
                    message[2] = now + body.get("VisibilityTimeout", self.visibility)
                    message[3] += 1
                    taken.append({"MessageId": key, "ReceiptHandle": message[1],
                                  "Body": message[0]})
            if taken or now >= end:
                return {"Messages": taken} if taken else {}
            self.lock.release()
            time.sleep(0.01)
            self.lock.acquire()

    def find(self, receipt):
        return next((key for key, message in self.messages.items() if message[1] == receipt), None)

    def do_DeleteMessage(self, body):
        key = self.find(body["ReceiptHandle"])
        if key is not None:
            self.deleted.append(self.messages.pop(key)[0])
        return {}

    def change(self, entry):
        key = self.find(entry["ReceiptHandle"])
        if key is not None:
            self.messages[key][2] = time.monotonic() + entry["VisibilityTimeout"]
            if entry["VisibilityTimeout"] == 0:
                self.given_back.append(self.messages[key][0])

    def do_ChangeMessageVisibility(self, body):
        self.change(body)
        return {}

    def do_ChangeMessageVisibilityBatch(self, body):
        for entry in body["Entries"]:
            self.change(entry)
        return {"Successful": [{"Id": entry["Id"]} for entry in body["Entries"]], "Failed": []}


class FakeTaskRequest(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_message(self, *_):
        pass

    def do_GET(self):
        self.answer({})

    def do_PUT(self):
        self.answer(self.body())

    do_POST = do_PUT

    def body(self):
        text = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        return json.loads(text) if text else {}

    def operation(self, body):
        if self.path.startswith("/credentials"):
            return "credentials"
        if self.path.startswith("/agent"):
            if self.command == "GET":
                return "inspect"
            return "protect" if body["ProtectionEnabled"] else "unprotect"
        return self.headers["X-Amz-Target"].rpartition(".")[2]

    def answer(self, body):
        task, operation = self.server, self.operation(body)
        task.note(operation, body)
        task.paths.append((operation, self.path))
        try:
            told = task.before(operation, body)
        except Broken:
            self.close_connection = True
            return
        if told is None:
            told = (200, self.usual(operation, body))
        text = json.dumps(told[1]).encode() if not isinstance(told[1], bytes) else told[1]
        try:
            self.send_response(told[0])
            for name, value in (told[2] if len(told) > 2 else {}).items():
                self.send_header(name, value)
            self.send_header("Content-Length", str(len(text)))
            self.send_header("Date", email.utils.formatdate(task.now(), usegmt=True))
            self.end_headers()
            self.wfile.write(text)
        except OSError:
            self.close_connection = True

    def send_response(self, code, message=None):
        self.send_response_only(code, message)

    def usual(self, operation, body):
        task = self.server
        if operation == "credentials":
            return {"AccessKeyId": "ASIATASK", "SecretAccessKey": "secret", "Token": "token",
                    "Expiration": "2099-01-01T00:00:00Z"}
        if operation == "inspect":
            return task.protection()
        if operation in ("protect", "unprotect"):
            return task.protect(body)
        task.signed.append(self.headers.get("Authorization", ""))
        return task.sqs(operation, body)
