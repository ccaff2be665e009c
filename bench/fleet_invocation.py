#!/usr/bin/env python3
"""One invocation over a whole fleet: how long it takes, what it costs in processor and memory.

usage: fleet_invocation.py [--bin FOLDER] [--call-ms N] [--services N ...] [--document]

`emulate --lambda bootstrap` with FLEET=tags, where each call takes --call-ms (15) at least. Told
for each size: the first invocation of a process, which searches and describes all; the median of
20 at rest; one whose queues all have just got a message, with the counts that it changed; and the
process's processor time for one at rest and most memory. --document writes the table into
docs/performance.md.
"""

import argparse
import base64
import contextlib
import os
import pathlib
import re
import statistics
import sys
import tempfile

sys.path[:0] = [str(pathlib.Path(__file__).resolve().parent),
                str(pathlib.Path(__file__).resolve().parent.parent / "tests")]
import lab  # noqa: E402
from support import (Emulator, Job, Process, has_endpoint_line,  # noqa: E402
                     program_environment, wait_until)

POLICY = "mode=backlog backlog_per_task=10 tasks_max=5"
AT_REST = 20
CLUSTER = "main"


@contextlib.contextmanager
def fleet_of(services, arguments):
    """The emulator's Job, whose function serves so many tagged services and has not run yet."""
    with tempfile.TemporaryDirectory(prefix="scaler-bench-") as name:
        folder = pathlib.Path(name)
        process = Process(
            [arguments.bin / "ecs-scaler", "emulate", "--port", "0", "--cluster", CLUSTER,
             "--service", "worker", "--queue", "jobs", "--lambda", arguments.bin / "bootstrap",
             "--no-workers", "--schedule", "0s", "--env", "FLEET=tags", "--env", "WAKE=false"],
            program_environment(folder), folder)
        try:
            wait_until(lambda: has_endpoint_line(process), 20)
            job = Job(Emulator(process, (CLUSTER, "worker", "jobs")))
            aws = job.emulator.aws
            for number in range(services):
                aws.sqs.create_queue(QueueName=f"jobs-{number}")
                aws.ecs.create_service(
                    cluster=CLUSTER, serviceName=f"service-{number}", desiredCount=0,
                    taskDefinition="worker",
                    tags=[{"key": "ecs-scaler:queue", "value": f"jobs-{number}"},
                          {"key": "ecs-scaler:policy", "value": POLICY}])
            job.fault("*", "slow", count=1_000_000, delay=arguments.call_ms / 1000)
            yield job
        finally:
            process.stop()


def invoke(job):
    """Milliseconds of one event of the schedule, by the function's REPORT line."""
    answer = job.emulator.aws.lambda_.invoke(
        FunctionName=job.FUNCTION, LogType="Tail",
        Payload='{"source":"aws.events","detail-type":"Scheduled Event","detail":{}}')
    log = base64.b64decode(answer["LogResult"]).decode(errors="replace")
    if "FunctionError" in answer:
        raise lab.Failed(log)
    return float(re.findall(r"\bDuration: ([0-9.]+) ms", log)[0])


def of_process(job):
    """(CPU seconds, most bytes of memory) of the function's process."""
    pid, = job.emulator.process.children()
    after_name = pathlib.Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
    status = pathlib.Path(f"/proc/{pid}/status").read_text()
    peak = next(line for line in status.splitlines() if line.startswith("VmHWM:"))
    seconds = sum(map(int, after_name[11:13])) / os.sysconf("SC_CLK_TCK")
    return seconds, int(peak.split()[1]) * 1024


def row(services, arguments):
    with fleet_of(services, arguments) as job:
        first = invoke(job)
        after_first, _ = of_process(job)
        rest = [invoke(job) for _ in range(AT_REST)]
        at_rest, _ = of_process(job)
        for number in range(services):
            queue = f"{job.emulator.endpoint}/000000000000/jobs-{number}"
            job.emulator.aws.sqs.send_message(QueueUrl=queue, MessageBody="work")
        burst = invoke(job)
        _, memory = of_process(job)
        changed = sum(service["desired"] > 0
                      for service in job.status()["services"].values())
        return [f"{services:,}", f"{first:,.0f}", f"{statistics.median(rest):,.0f}",
                f"{burst:,.0f}",
                f"{changed:,}", f"{(at_rest - after_first) / AT_REST * 1000:.0f}",
                f"{memory / 1e6:.1f}"]


def main():
    parser = argparse.ArgumentParser(description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--bin", type=pathlib.Path, default=lab.PROGRAMS)
    parser.add_argument("--call-ms", type=int, default=15)
    parser.add_argument("--services", type=int, nargs="+", default=[1, 10, 100, 500])
    parser.add_argument("--document", action="store_true")
    arguments = parser.parse_args()
    arguments.bin = arguments.bin.resolve()
    table = lab.table(
        ["services", "first, ms", "at rest, ms", "all woken, ms", "of them changed",
         "processor at rest, ms", "memory, MB"],
        [row(services, arguments) for services in arguments.services])
    text = (f"{table}\n`./dev bench fleet_invocation --document`, a call takes "
            f"{arguments.call_ms} ms at least; {lab.machine()}, {lab.today()}.\n")
    print(text)
    if arguments.document:
        lab.write_block("fleet_invocation", text)


if __name__ == "__main__":
    main()
