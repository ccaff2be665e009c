#!/usr/bin/env python3
"""How long a first message waits until UpdateService, for each trigger, on the embedded AWS.

usage: latency.py [--bin FOLDER] [--runs N] [--write FILE]

Real programs in real time. Every run has an emulator of its own with the delays that `emulate` has
by default (the mapping takes 30 s to switch) and tasks that take 20 to 40 s to start. Wake and
doorbell runs follow one another; those of schedule and ticks run side by side, each with its
message at another moment of the minute, for each of them takes two to three minutes. The table goes
to standard output and, with --write, between the markers in FILE. Exit code 1 when a p99
misses its limit.
"""

import argparse
import concurrent.futures
import dataclasses
import datetime
import json
import math
import pathlib
import random
import re
import subprocess
import sys
import time
import urllib.request

ROOT = pathlib.Path(__file__).resolve().parent.parent
BEGIN, END = "<!-- latency: begin -->", "<!-- latency: end -->"
TICK_SECONDS = 10
SCHEDULE_SECONDS = 60


@dataclasses.dataclass(frozen=True)
class Trigger:
    name: str
    limit: float  # seconds
    flags: tuple = ()
    waits: bool = True  # for the clock: its runs go side by side


TRIGGERS = (
    Trigger("wake", 1.5, waits=False),
    Trigger("doorbell", 1.5, ("--env", "WAKE=false", "--doorbell-queue", "doorbell"), waits=False),
    Trigger(f"ticks of {TICK_SECONDS} s", TICK_SECONDS + 1,
            ("--env", "WAKE=false", "--tick-queue", "ticks", "--env",
             f"TICK_SECONDS={TICK_SECONDS}")),
    Trigger("schedule alone", SCHEDULE_SECONDS + 1, ("--env", "WAKE=false")),
)


class Emulator:
    """`ecs-scaler emulate` with `bootstrap`; ended at the end of the with statement."""

    def __init__(self, folder, flags):
        self.process = subprocess.Popen(
            [folder / "ecs-scaler", "emulate", "--cluster", "main", "--service", "worker",
             "--queue", "jobs", "--task-start", "20s-40s", "--schedule", f"{SCHEDULE_SECONDS}s",
             "--lambda", folder / "bootstrap", "--env", "SCALE_UP_TARGET=2", *flags],
            stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
        self.ready = json.loads(self.process.stdout.readline())
        self.started = time.monotonic()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.terminate()
        self.process.wait(20)
        self.process.stdout.close()

    def call(self, path, data=None, headers=None):
        request = urllib.request.Request(self.ready["endpoint"] + path, data=data,
                                         headers=headers or {})
        opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
        with opener.open(request, timeout=20) as answer:
            return json.loads(answer.read())

    def send(self, queue_url):
        """One SendMessage. The emulator wants a well-formed signature and does not verify it."""
        now = datetime.datetime.now(datetime.timezone.utc)
        self.call("/", json.dumps({"QueueUrl": queue_url, "MessageBody": "work"}).encode(), {
            "Content-Type": "application/x-amz-json-1.0", "X-Amz-Target": "AmazonSQS.SendMessage",
            "X-Amz-Date": now.strftime("%Y%m%dT%H%M%SZ"),
            "Authorization": f"AWS4-HMAC-SHA256 Credential=AKIDLATENCY/{now:%Y%m%d}/us-east-1/sqs/"
                             "aws4_request, SignedHeaders=host;x-amz-date;x-amz-target, "
                             f"Signature={'0' * 64}"})

    def first(self, kind, subject):
        """When the first event of this kind happened, by the emulator's clock."""
        for event in self.call("/_emulator/events")["events"]:
            if event["kind"] == kind and event["subject"].endswith(subject):
                return datetime.datetime.fromisoformat(event["at"].replace("Z", "+00:00"))
        return None


def measure(folder, trigger, delay, before=0.0):
    """Seconds from the first message, `delay` seconds after the start, to UpdateService."""
    time.sleep(before)
    with Emulator(folder, trigger.flags) as emulator:
        time.sleep(max(0.0, emulator.started + delay - time.monotonic()))
        emulator.send(emulator.ready["queue_url"])
        if "doorbell_queue_url" in emulator.ready:
            emulator.send(emulator.ready["doorbell_queue_url"])
        end = time.monotonic() + 4 * trigger.limit + 10
        while not (changed := emulator.first("desired_changed", "worker")):
            if time.monotonic() > end:
                raise TimeoutError(f"{trigger.name}: no UpdateService within {end:.0f} s")
            time.sleep(1 if trigger.waits else 0.05)
        return (changed - emulator.first("message_sent", "jobs")).total_seconds()


def run_all(folder, runs):
    """{trigger: sorted seconds}"""
    chance = random.Random(20261125)
    seconds = {}
    for trigger in TRIGGERS:
        if not trigger.waits:
            seconds[trigger] = sorted(measure(folder, trigger, chance.uniform(0.05, 0.15))
                                      for _ in range(runs))
    waiting = [trigger for trigger in TRIGGERS if trigger.waits]
    with concurrent.futures.ThreadPoolExecutor(len(waiting) * runs) as pool:
        futures = {}
        for trigger in waiting:
            # After the first scheduled pass, evenly spread over a minute. The emulators start at
            # different moments, so that their clocks do not strike together.
            delays = [SCHEDULE_SECONDS + 2 + SCHEDULE_SECONDS * (i + chance.random()) / runs
                      for i in range(runs)]
            futures[trigger] = [pool.submit(measure, folder, trigger, delay,
                                            chance.uniform(0, SCHEDULE_SECONDS))
                                for delay in delays]
        for trigger in waiting:
            seconds[trigger] = sorted(future.result() for future in futures[trigger])
    return seconds


def rank(values, share):
    """The nearest-rank percentile of sorted values."""
    return values[max(0, math.ceil(share * len(values)) - 1)]


def table(seconds):
    lines = ["| trigger | runs | p50 | p99 | longest | must be under |",
             "|---|---|---|---|---|---|"]
    for trigger in TRIGGERS:
        values = seconds[trigger]
        lines.append(f"| {trigger.name} | {len(values)} | {rank(values, 0.5):.2f} s | "
                     f"{rank(values, 0.99):.2f} s | {values[-1]:.2f} s | {trigger.limit:g} s |")
    return "\n".join(lines)


def write(path, text):
    document = path.read_text()
    pattern = re.compile(f"{re.escape(BEGIN)}.*?{re.escape(END)}", re.DOTALL)
    if not pattern.search(document):
        sys.exit(f"{path}: the markers {BEGIN} and {END} are missing")
    path.write_text(pattern.sub(lambda _: f"{BEGIN}\n{text}\n{END}", document))


def main():
    parser = argparse.ArgumentParser(description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--bin", type=pathlib.Path, default=ROOT / "build/release/bin")
    parser.add_argument("--runs", type=int, default=100)
    parser.add_argument("--write", type=pathlib.Path)
    arguments = parser.parse_args()
    seconds = run_all(arguments.bin.resolve(), arguments.runs)
    text = table(seconds)
    print(text)
    if arguments.write:
        write(arguments.write, text)
    missed = [trigger.name for trigger in TRIGGERS
              if rank(seconds[trigger], 0.99) >= trigger.limit]
    if missed:
        sys.exit(f"longer than it may be: {', '.join(missed)}")


if __name__ == "__main__":
    main()
