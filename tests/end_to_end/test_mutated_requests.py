"""Valid requests with mistakes in them, thousands at a time, at `emulate` and at `run --listen`:
both live on, and whatever is wrong is the caller's fault (4xx).

The valid ones are the corpus of the fuzzer of the same requests. SCALER_MUTATED_REQUESTS makes
the slow tests longer, up to the million of docs/performance.md.
"""

import copy
import datetime
import json
import os
import random
import re
import socket
import time

import pytest

from support import ROOT, answers_http, find_free_port

CORPUS = ROOT / "tests/fuzz/corpus"
BATCH = 40  # requests in a row on one connection
BLOCK = 50_000  # after so many the emulator starts anew: what is created is never deleted
PATIENCE = 30
STRANGE = [None, True, -1, 0, 1, 2**31, 2**63 - 1, 2**63, 10**40, 1e308, -0.5, "", "x", "\0", "é",
           "x" * 300, "x" * 5000, [], {}, [[]], {"x": {}}, "9" * 30, "-1", "{", "arn:aws:sqs:::"]
FORM = "application/x-www-form-urlencoded"  # of every other request without a target
TARGETS = {"AmazonSQS.": "sqs", "AmazonEC2": "ecs", "Logs_": "logs", "AWSEvents.": "events",
           "Granite": "monitoring"}
HEADERS = {service: f"application/x-amz-json-1.{0 if service in ('sqs', 'monitoring') else 1}"
           for service in TARGETS.values()}


def read_request(text):
    """(service, method, path, target, body) of a request in the corpus."""
    line, _, body = text.partition("\n")
    if line.startswith("form "):
        _, service, path = line.split(" ", 2)
        return service, "POST", path, None, body
    for begin, service in TARGETS.items():
        if line.startswith(begin):
            return service, "POST", "/", line, body
    method, path = line.split(" ", 1)
    return "lambda", method, "/2015-03-31/" + path, None, body


def valid_requests():
    texts = [text for path in sorted((CORPUS / "emulator").iterdir())
             for text in path.read_text().split("\n\n")]
    return [read_request(text) for text in texts]


def places(value, found):
    """Every (container, key) in a document."""
    keys = value.keys() if isinstance(value, dict) else range(len(value))
    for key in list(keys):
        found.append((value, key))
        if isinstance(value[key], (dict, list)):
            places(value[key], found)
    return found


def strange(chance):
    return copy.deepcopy(chance.choice(STRANGE))


def mutate_document(body, chance):
    """Another type, number, text or depth somewhere; something missing, repeated or unknown."""
    document = json.loads(body)
    for _ in range(chance.randint(1, 3)):
        found = places(document, [])
        kind = chance.randrange(5)
        if not found or kind == 0:
            document[chance.choice(["Unknown", "tags", "maxResults", ""])] = strange(chance)
            continue
        container, key = chance.choice(found)
        if kind == 1:
            del container[key]
        elif kind == 2:
            depth = chance.choice([1, 5, 70, 2000])
            return json.dumps(document).replace("{", "{\"a\":" + "[" * depth + "]" * depth + ",", 1)
        elif kind == 3 and isinstance(container[key], list):
            container[key] = container[key] * chance.choice([2, 11, 200])
        else:
            container[key] = strange(chance)
    return json.dumps(document)


def mutate_bytes(data, chance):
    data = bytearray(data)
    for _ in range(chance.randint(1, 4)):
        at = chance.randrange(len(data) + 1)
        kind = chance.randrange(4)
        if kind == 0:
            data[at:at + chance.randint(1, 20)] = b""
        elif kind == 1:
            data[at:at] = chance.choice([b"\r\n", b"\0", b"\xff", b":", b"\"", b"0" * 300, b"{["])
        elif kind == 2:
            data[at:at] = data[at:at + 20]
        elif at < len(data):
            data[at] = chance.randrange(256)
    return bytes(data)


def content_type(service, target):
    return HEADERS[service] if target else "application/json" if service == "lambda" else FORM


def headers_of(service, target):
    now = datetime.datetime.now(datetime.timezone.utc)
    names = "host;x-amz-date" + (";x-amz-target" if target else "")
    headers = {"Host": "127.0.0.1", "Content-Type": content_type(service, target),
               "X-Amz-Date": now.strftime("%Y%m%dT%H%M%SZ"),
               "Authorization": f"AWS4-HMAC-SHA256 Credential=AKID/{now:%Y%m%d}/us-east-1/{service}"
                                f"/aws4_request, SignedHeaders={names}, Signature={'a' * 64}"}
    if target:
        headers["X-Amz-Target"] = target
    return headers


def mutate_headers(headers, chance):
    name = chance.choice(list(headers))
    kind = chance.randrange(3)
    if kind == 0:
        del headers[name]
    elif kind == 1:
        text = mutate_bytes(headers[name].encode(), chance).decode("latin-1")
        headers[name] = re.sub(r"[\r\n\0]", " ", text)  # The framing stays as it is.
    else:
        headers["X-Amz-" + chance.choice(["Security-Token", "Content-Sha256", "Retry"])] = "x"


def write_request(method, path, headers, body):
    lines = [f"{method} {path} HTTP/1.1", *(f"{name}: {value}" for name, value in headers.items()),
             f"Content-Length: {len(body)}"]
    return "\r\n".join(lines).encode("latin-1", "replace") + b"\r\n\r\n" + body


def mutated_call(valid, chance):
    """One mutated request to the emulated AWS, as bytes; its framing is right."""
    service, method, path, target, body = chance.choice(valid)
    headers = headers_of(service, target)
    kind = chance.randrange(10)
    if kind < 6 and body.startswith("{"):
        body = mutate_document(body, chance)
    body = body.encode()
    if kind == 6:
        body = mutate_bytes(body, chance)
    elif kind == 7:
        mutate_headers(headers, chance)
    elif kind == 8:
        path = chance.choice([path + "/x?Qualifier=%zz", path[:-3] + "/", "/_emulator/queues",
                              "/_emulator/events?after=" + "9" * chance.choice([1, 30])])
        path = path if path.startswith("/") else "/"
    elif kind == 9:
        method = chance.choice(["GET", "PUT", "DELETE", "PATCH", "HEAD", "POST"])
    # No long polls: each would hold up its connection for up to 20 s.
    body = re.sub(rb'(WaitTimeSeconds"\s*:\s*"?)[0-9]+', rb"\g<1>0", body)
    return method, write_request(method, path, headers, body)


class Connection:
    """A connection that is opened anew whenever the server has closed it."""

    def __init__(self, port):
        self.port = port
        self.socket = None
        self.input = b""

    def open(self):
        self.close()
        self.socket = socket.create_connection(("127.0.0.1", self.port), timeout=PATIENCE)
        # Leaves no TIME_WAIT behind, of which there would be tens of thousands.
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
        self.input = b""

    def close(self):
        if self.socket is not None:
            self.socket.close()
        self.socket = None

    def more(self):
        received = self.socket.recv(1 << 18)
        self.input += received
        return bool(received)

    def answer(self, head):
        """(status, whether the connection ends) of the next answer."""
        while (end := self.input.find(b"\r\n\r\n")) < 0:
            assert self.more(), f"an answer is missing; there is {self.input[:200]}"
        header = self.input[:end].lower()
        length = re.search(rb"\r\ncontent-length: (\d+)", header)
        size = end + 4 + (0 if head or length is None else int(length.group(1)))
        while len(self.input) < size:
            assert self.more(), f"an answer is cut off: {self.input[:200]}"
        self.input = self.input[size:]
        return int(header[9:12]), b"\r\nconnection: close" in header

    def batch(self, requests):
        """The statuses of these requests, sent at once, up to the one that ends the connection."""
        if self.socket is None:
            self.open()
        self.socket.sendall(b"".join(text for _, text in requests))
        statuses = []
        for method, _ in requests:
            status, ends = self.answer(method == "HEAD")
            statuses.append(status)
            if ends:
                self.close()
                break
        return statuses

    def raw(self, data):
        """The statuses of whatever is answered to these bytes, after which nothing comes."""
        self.open()
        try:
            self.socket.sendall(data)
            self.socket.shutdown(socket.SHUT_WR)
            while self.more():
                pass
        except ConnectionError:
            pass  # It may close before it has read all.
        statuses = re.findall(rb"(?:^|\n)HTTP/1\.[01] (\d+) ", self.input)
        self.close()
        return [int(status) for status in statuses]


def bombard(port, count, seed, make):
    """Sends `count` mutated requests: nine of ten in rows, the tenth with damaged framing."""
    chance = random.Random(seed)
    connection = Connection(port)
    seen = {}
    sent = 0
    while sent < count:
        if chance.random() < 0.8:
            requests = [make(chance) for _ in range(min(BATCH, count - sent))]
            statuses = connection.batch(requests)
            sent += len(statuses)
        else:
            statuses = []
            for _ in range(min(BATCH // 4, count - sent)):
                statuses += connection.raw(mutate_bytes(make(chance)[1], chance))
                sent += 1
        for status in statuses:
            seen[status] = seen.get(status, 0) + 1
        assert not any(status >= 500 for status in statuses), f"seed {seed}: {statuses}"
    connection.close()
    return seen


def port_of(endpoint):
    return int(endpoint.rpartition(":")[2])


def bombard_emulator(emulator, count):
    valid = valid_requests()
    for block, start in enumerate(range(0, count, BLOCK)):
        aws = emulator(lambda_="/bin/false", env=["WAKE=false"], schedule="0s")
        began = time.monotonic()
        seen = bombard(port_of(aws.endpoint), min(BLOCK, count - start), block,
                       lambda chance: mutated_call(valid, chance))
        print(f"block {block}: {sorted(seen.items())} in {time.monotonic() - began:.1f} s")
        assert seen[200] > 0 and seen[400] > 0
        assert aws.process.running()
        assert aws.aws.sts.get_caller_identity()["Account"] == "000000000000"
        aws.process.stop()


def bombard_controller(emulator, start_process, ecs_scaler, count):
    aws = emulator()
    port = find_free_port()
    process = start_process(
        [ecs_scaler, "run", "--listen", f"127.0.0.1:{port}", "--interval", "1s"],
        env={"SQS_QUEUE_URL": aws.queue_url, "ECS_CLUSTER_NAME": "test",
             "ECS_SERVICE_NAME": "worker", "AWS_ENDPOINT_URL": aws.endpoint,
             "SCALE_UP_TARGET": "2", "SCALE_DOWN_THRESHOLD": "2"},
        ready=lambda process: answers_http(f"http://127.0.0.1:{port}/metrics"))

    def make(chance):
        method = chance.choice(["GET", "GET", "HEAD", "POST", "PUT", "OPTIONS"])
        path = chance.choice(["/metrics", "/healthz", "/", "/metrics?x=" + "y" * 3000, "/%00"])
        headers = {"Host": chance.choice(["localhost", "127.0.0.1", "evil.example"]),
                   "Accept": "text/plain", "Connection": "keep-alive", "X": "y"}
        if chance.random() < 0.5:
            mutate_headers(headers, chance)
        body = b"" if chance.random() < 0.8 else b"x" * chance.choice([1, 1000, 100_000])
        return method, write_request(method, path, headers, body)

    seen = bombard(port, count, 0, make)
    print(sorted(seen.items()))
    assert seen[200] > 0 and seen[403] > 0
    assert process.running()
    assert answers_http(f"http://127.0.0.1:{port}/healthz")


def test_the_emulator_lives_through_mutated_requests(emulator):
    bombard_emulator(emulator, 3000)


def test_the_controller_lives_through_mutated_requests(emulator, start_process, ecs_scaler):
    bombard_controller(emulator, start_process, ecs_scaler, 2000)


@pytest.mark.slow
@pytest.mark.timeout(7200)
def test_the_emulator_lives_through_many_mutated_requests(emulator):
    bombard_emulator(emulator, int(os.environ.get("SCALER_MUTATED_REQUESTS", "20000")))


@pytest.mark.slow
@pytest.mark.timeout(7200)
def test_the_controller_lives_through_many_mutated_requests(emulator, start_process, ecs_scaler):
    count = int(os.environ.get("SCALER_MUTATED_REQUESTS", "20000")) // 10
    bombard_controller(emulator, start_process, ecs_scaler, count)
