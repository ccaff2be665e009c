#!/usr/bin/env python3
"""What ecs-guard costs: latency added to each call, processor time a message, memory, size.

usage: guard.py [--bin FOLDER] [--pairs N] [--messages N] [--document]

The worker's side is this script over kept connections, SQS is `ecs-scaler emulate` on loopback; the
agent is the emulator's, too: the guard runs as a task's process would. Latency: the same calls with
and without the guard, in turns. Processor time is the guard's own, as the kernel accounts it, and
says how many pairs of receive and delete one core carries. --document writes the table into
docs/performance.md.
"""

import argparse
import http.client
import json
import os
import pathlib
import re
import subprocess
import sys
import time
import urllib.parse

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))
import lab  # noqa: E402

ROOT = pathlib.Path(__file__).resolve().parent.parent
NAME = "guard"
KEYS = {"AWS_ACCESS_KEY_ID": "test", "AWS_SECRET_ACCESS_KEY": "test", "AWS_REGION": "us-east-1"}
TICKS = os.sysconf("SC_CLK_TCK")


class Connection:
    def __init__(self, url, queue_url):
        self.http = http.client.HTTPConnection(urllib.parse.urlparse(url).netloc, timeout=60)
        self.queue_url = queue_url

    def call(self, operation, **body):
        now = time.strftime("%Y%m%dT%H%M%SZ", time.gmtime())
        self.http.request("POST", "/", json.dumps({"QueueUrl": self.queue_url, **body}), {
            "X-Amz-Target": f"AmazonSQS.{operation}",
            "Content-Type": "application/x-amz-json-1.0",
            "X-Amz-Date": now,
            "Authorization": f"AWS4-HMAC-SHA256 Credential=test/{now[:8]}/us-east-1/sqs/"
                             "aws4_request, SignedHeaders=host;x-amz-date;x-amz-target, "
                             f"Signature={'0' * 64}"})
        answer = self.http.getresponse()
        text = answer.read()
        if answer.status != 200:
            sys.exit(f"{operation}: {answer.status} {text[:300]}")
        return json.loads(text or b"{}")

    def send(self, count):
        for start in range(0, count, 10):
            self.call("SendMessageBatch", Entries=[
                {"Id": str(i), "MessageBody": "x" * 200} for i in range(min(10, count - start))])


def start(arguments, environment, wanted):
    """The process, and the endpoint that its first lines tell."""
    process = subprocess.Popen(arguments, env=environment, stdout=subprocess.PIPE,
                               stderr=subprocess.STDOUT, text=True)
    for line in process.stdout:
        if wanted in line:
            return process, json.loads(line)["endpoint"].rstrip("/")
    sys.exit(f"{arguments[0]} ended")


def processor_seconds(process):
    fields = pathlib.Path(f"/proc/{process.pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / TICKS


def memory_kib(process, field="VmRSS"):
    status = pathlib.Path(f"/proc/{process.pid}/status").read_text()
    return int(re.search(rf"{field}:\s+(\d+)", status)[1])


def timed(function):
    began = time.perf_counter()
    result = function()
    return (time.perf_counter() - began) * 1e6, result


def pairs(connection, count, times):
    for _ in range(count):
        took, answer = timed(lambda: connection.call("ReceiveMessage"))
        times.setdefault("receive", []).append(took)
        for message in answer.get("Messages", []):
            took, _ = timed(lambda m=message: connection.call(
                "DeleteMessage", ReceiptHandle=m["ReceiptHandle"]))
            times.setdefault("delete", []).append(took)


def measure_latency(direct, guarded, count, guard):
    """({"receive": [us], "delete": [us]} direct, the same guarded, the guard's CPU us a pair)."""
    without, with_guard, spent, done = {}, {}, 0.0, 0
    direct.send(2 * count + 20)
    pairs(guarded, 10, {})
    for _ in range(10):
        pairs(direct, count // 10, without)
        before = processor_seconds(guard)
        pairs(guarded, count // 10, with_guard)
        spent += processor_seconds(guard) - before
        done += count // 10
    return without, with_guard, spent / done * 1e6


def run_through(direct, guarded, messages):
    """Ten at a time through the guard."""
    sent = 0
    while sent < messages:
        direct.send(1000)
        sent += 1000
        for _ in range(100):
            found = guarded.call("ReceiveMessage", MaxNumberOfMessages=10).get("Messages", [])
            if found:
                guarded.call("DeleteMessageBatch", Entries=[
                    {"Id": str(i), "ReceiptHandle": m["ReceiptHandle"]}
                    for i, m in enumerate(found)])


def measure_while_holding(direct, guarded, held, guard):
    """The guard's CPU us a pair while the worker has so many messages."""
    for _ in range(0, held, 1000):
        direct.send(1000)
        for _ in range(100):
            guarded.call("ReceiveMessage", MaxNumberOfMessages=10, VisibilityTimeout=43200)
    direct.send(1000)
    before = processor_seconds(guard)
    pairs(guarded, 1000, {})
    return (processor_seconds(guard) - before) / 1000 * 1e6


def percentile(values, percent):
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, len(ordered) * percent // 100)]


def rows(arguments, guard, direct, guarded):
    without, with_guard, cpu = measure_latency(direct, guarded, arguments.pairs, guard)
    for call in ("receive", "delete"):
        for percent in (50, 99):
            plain, through = (percentile(times[call], percent) for times in (without, with_guard))
            yield (f"{call}, p{percent}, us: alone, through the guard, added",
                   f"{plain:,.0f}, {through:,.0f}, {through - plain:,.0f}")
    yield "processor time a pair of receive and delete, us", f"{cpu:,.0f}"
    yield "pairs a second that one core carries", f"{1e6 / cpu:,.0f}"
    run_through(direct, guarded, arguments.messages // 10)
    early = memory_kib(guard)
    run_through(direct, guarded, arguments.messages - arguments.messages // 10)
    yield (f"memory after {arguments.messages // 10:,} and {arguments.messages:,} messages, MiB",
           f"{early / 1024:.2f}, {memory_kib(guard) / 1024:.2f}")
    yield "peak memory, MiB", f"{memory_kib(guard, 'VmHWM') / 1024:.2f}"
    yield ("processor time a pair while the worker has 10,000 messages, us",
           f"{measure_while_holding(direct, guarded, 10_000, guard):,.0f}")
    before = processor_seconds(guard)
    time.sleep(20)
    idle = (processor_seconds(guard) - before) * 3e3
    yield "processor time while idle, ms a minute", f"{idle:,.0f}"
    yield "size, MB", f"{(arguments.bin / 'ecs-guard').stat().st_size / 1e6:.2f}"


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--bin", type=pathlib.Path, default=ROOT / "build/release/bin")
    parser.add_argument("--pairs", type=int, default=5000)
    parser.add_argument("--messages", type=int, default=1_000_000)
    parser.add_argument("--document", action="store_true")
    arguments = parser.parse_args()
    emulator, endpoint = start(
        [arguments.bin / "ecs-scaler", "emulate", "--port", "0", "--cluster", "main", "--service",
         "worker", "--queue", "jobs", "--no-workers"], {**os.environ, **KEYS}, "endpoint")
    guard = None
    try:
        queue_url = f"{endpoint}/000000000000/jobs"
        direct = Connection(endpoint, queue_url)
        guard, door = start([arguments.bin / "ecs-guard", "serve", "--port", "0",
                             "--stop-timeout", "4s"],
                            {**KEYS, "AWS_ENDPOINT_URL_SQS": endpoint, "PATH": os.environ["PATH"]},
                            "guarding")
        table = lab.table(["", "measured"],
                          list(rows(arguments, guard, direct, Connection(door, queue_url))))
    finally:
        for process in (guard, emulator):
            if process is not None:
                process.terminate()
                process.wait(30)
    text = f"{table}\n\n`./dev bench guard --document`, {lab.machine()}, {lab.today()}.\n"
    print(text)
    if arguments.document:
        lab.write_block(NAME, text)


if __name__ == "__main__":
    main()
