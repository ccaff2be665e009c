#!/usr/bin/env python3
"""How long large documents from outside take, by size: the work must be linear.

usage: ./dev bench large_objects [--write]
Objects of many small members, each name once, and with one name twice at the end: as a request to
`emulate` and as a document for `decide` (the whole process), in CPU time.
--write puts the table into docs/performance.md.
"""

import argparse
import http.client
import json
import pathlib
import resource
import statistics
import subprocess
import time

import lab

SIZES = (86_000, 730_000, 8_000_000)
ROUNDS = 5
HEADERS = {"Content-Type": "application/x-amz-json-1.0", "X-Amz-Target": "AmazonSQS.ListQueues"}


def document(size, twice):
    members = [f'"m{number}":{number}' for number in range(size // 18)]
    text = ",".join(members + (['"m0":0'] if twice else []))
    text = "{" + text + "}"
    return text + " " * max(0, size - len(text))


def signature():
    now = time.strftime("%Y%m%dT%H%M%SZ", time.gmtime())
    return {"X-Amz-Date": now, "Authorization":
            f"AWS4-HMAC-SHA256 Credential=A/{now[:8]}/us-east-1/sqs/aws4_request, "
            f"SignedHeaders=host;x-amz-date;x-amz-target, Signature={'a' * 64}"}


def cpu_seconds(process):
    """Of a process with one thread, so far."""
    return int(pathlib.Path(f"/proc/{process.pid}/schedstat").read_text().split()[0]) / 1e9


def ask_emulator(process, port, text):
    """Milliseconds of CPU until it has answered 400."""
    begun = cpu_seconds(process)
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
    connection.request("POST", "/", text.encode(), {**HEADERS, **signature()})
    answer = connection.getresponse()
    length = len(answer.read())
    connection.close()
    if answer.status != 400 or length > 4096:
        raise lab.Failed(f"the emulator answered {answer.status} with {length} bytes")
    return (cpu_seconds(process) - begun) * 1000


def ask_decide(text):
    """Milliseconds of CPU until it has refused it."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    done = subprocess.run([lab.ECS_SCALER, "decide"], input=text, capture_output=True, text=True,
                          timeout=60, check=False)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    if done.returncode == 0 or len(done.stderr) > 8192:
        raise lab.Failed(f"decide ended with {done.returncode} and {len(done.stderr)} bytes")
    return (after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime) * 1000


def measure(process, port):
    rows = []
    for what, twice in (("distinct names", False), ("a name twice", True)):
        for place, ask in (("request to `emulate`", lambda text: ask_emulator(process, port, text)),
                           ("document for `decide`", ask_decide)):
            row = [f"{place}, {what}"]
            for size in SIZES:
                text = document(size, twice)
                row.append(f"{statistics.median(ask(text) for _ in range(ROUNDS)):.1f}")
            rows.append(row)
    return rows


def main():
    parser = argparse.ArgumentParser(description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--write", action="store_true")
    write = parser.parse_args().write
    emulator = subprocess.Popen(
        [lab.ECS_SCALER, "emulate", "--port", "0", "--cluster", "main", "--service", "worker",
         "--queue", "jobs"], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
    try:
        ready = json.loads(emulator.stdout.readline())
        rows = measure(emulator, int(ready["endpoint"].rpartition(":")[2]))
    finally:
        emulator.terminate()
        emulator.wait(10)
    table = lab.table(["ms of CPU for"] + [f"{size / 1000:,.0f} kB" for size in SIZES], rows)
    print(table)
    if write:
        lab.write_block("large_objects", table + f"\n`./dev bench large_objects`, medians of "
                        f"{ROUNDS}, {lab.machine()}, {lab.today()}.\n")


if __name__ == "__main__":
    main()
