"""An AWS of services and queues in memory over HTTP, each call of which a test may delay or refuse.

For what needs exact moments: moto and the emulator are whole services.
"""

import http.server
import json
import threading
import time

ACCOUNT = "123456789012"


class FakeAws(http.server.ThreadingHTTPServer):
    """`services[name]` is the desired count, `queues[name]` are (visible, in flight, delayed).

    `before(operation, body)` is called outside the lock before each answer: it may sleep, or return
    (status, body) to be answered instead. `changes` are (moment, service, before, after), `signed`
    are (operation, region and service of the signature, body). Services answer to their ARNs, too.
    Its clock is `ahead` of the machine's by so many seconds.
    """

    daemon_threads = True
    request_queue_size = 128

    def __init__(self, services=("worker",), port=0):
        self.services = dict.fromkeys(services, 0)
        self.queues = {name: (0, 0, 0) for name in services}
        self.tags, self.changes, self.calls, self.signed = {}, [], [], []
        self.before = lambda operation, body: None
        self.closed = False
        self.ahead = 0
        self.lock = threading.Lock()
        super().__init__(("127.0.0.1", port), FakeAwsRequest)
        threading.Thread(target=self.serve_forever, daemon=True).start()

    def close(self):
        """Kept connections end at their next request."""
        self.closed = True
        self.shutdown()
        self.server_close()

    @property
    def url(self):
        return f"http://127.0.0.1:{self.server_port}"

    def queue_url(self, name):
        return f"{self.url}/{ACCOUNT}/{name}"

    def set(self, service, count):
        """A person's hand."""
        with self.lock:
            self.services[service] = count

    def answer(self, operation, body):
        with self.lock:
            self.calls.append((operation, body))
            if operation == "GetQueueAttributes":
                counts = self.queues[body["QueueUrl"].rsplit("/", 1)[1]]
                names = ("", "NotVisible", "Delayed")
                return {"Attributes": {f"ApproximateNumberOfMessages{name}": str(count)
                                       for name, count in zip(names, counts)}}
            if operation == "DescribeServices":
                return {"services": [self.describe(name) for name in body["services"]],
                        "failures": []}
            if operation == "UpdateService":
                name = body["service"].rsplit("/", 1)[-1]
                self.changes.append((time.monotonic(), name, self.services[name],
                                     body["desiredCount"]))
                self.services[name] = body["desiredCount"]
                return {"service": self.describe(name)}
            if operation == "TagResource":
                self.tags[body["resourceArn"].rsplit("/", 1)[1]] = body["tags"]
        return {}

    def describe(self, name_or_arn):
        name = name_or_arn.rsplit("/", 1)[-1]
        count = self.services[name]
        arn = f"arn:aws:ecs:us-east-1:{ACCOUNT}:service/main/{name}"
        return {"serviceArn": name_or_arn if name_or_arn.startswith("arn:") else arn,
                "serviceName": name, "status": "ACTIVE", "desiredCount": count,
                "runningCount": count, "pendingCount": 0, "schedulingStrategy": "REPLICA",
                "deployments": [{"status": "PRIMARY", "rolloutState": "COMPLETED"}],
                "tags": self.tags.get(name, [])}


class FakeAwsRequest(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_message(self, *_):
        pass

    def date_time_string(self, timestamp=None):
        return super().date_time_string(time.time() + self.server.ahead)

    def do_POST(self):
        text = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        body = json.loads(text) if text.startswith(b"{") else {}
        if self.server.closed:
            self.close_connection = True
            return
        operation = self.headers.get("X-Amz-Target", ".").split(".", 1)[1]
        scope = self.headers.get("Authorization", "////").split("/")
        with self.server.lock:
            self.server.signed.append((operation, "/".join(scope[2:4]), body))
        status, answer = self.server.before(operation, body) or (200, None)
        if answer is None:
            answer = self.server.answer(operation, body)
        text = json.dumps(answer).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/x-amz-json-1.1")
        self.send_header("Content-Length", str(len(text)))
        self.end_headers()
        self.wfile.write(text)
