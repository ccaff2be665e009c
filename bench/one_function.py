#!/usr/bin/env python3
"""One function over tagged services in three accounts and two regions of the embedded AWS.

usage: one_function.py [--bin FOLDER] [--services N] [--tick S] [--shard N] [--seconds S]
                       [--document]

Real programs in real time: `emulate --lambda bootstrap` with FLEET=tags, FLEET_ACCOUNTS and shards,
calls throttled beyond the rates that AWS documents. First five services more in each place get a
message every second, chosen at random among those that rest; how long each waits until its
UpdateService. Then, in a second run, all at once: what share of the documented rate is used, and
what teams and operators do: tags that come, go or are wrong, a deployment that resets a count, a
pause. --document writes the table into docs/performance.md. Exit code 1 when something is
forgotten or too late, or more than two calls in a hundred are throttled.
"""

import argparse
import contextlib
import json
import pathlib
import random
import subprocess
import sys
import tempfile
import time

sys.path[:0] = [str(pathlib.Path(__file__).resolve().parent),
                str(pathlib.Path(__file__).resolve().parent.parent / "tests")]
import lab  # noqa: E402
from organisation import (PLACES, POLICY, REGIONS, Organisation, fleet_variables,  # noqa: E402
                          reactions)
from support import (Emulator, Process, has_endpoint_line, instant,  # noqa: E402
                     program_environment, wait_until)

BURST, RATE = 50, 5  # Calls of UpdateService that ECS takes at once, and then each second.
AT_ONCE = 5          # services a second and place


@contextlib.contextmanager
def running(arguments):
    """The function over its services, of each of which it has seen the tags, and how long that
    took."""
    with tempfile.TemporaryDirectory(prefix="scaler-bench-") as name:
        folder = pathlib.Path(name)
        variables = fleet_variables(arguments.tick, arguments.shard)
        process = Process(
            [arguments.bin / "ecs-scaler", "emulate", "--port", "0", "--cluster", "own",
             "--service", "worker", "--queue", "jobs", "--lambda", arguments.bin / "bootstrap",
             "--tick-queue", "ticks", "--doorbell-queue", "doorbell", "--no-workers",
             "--task-start", "1s", "--task-stop", "1s", "--mapping-toggle", "100ms",
             *(word for variable in variables for word in ("--env", variable))],
            program_environment(folder), folder)
        try:
            wait_until(lambda: has_endpoint_line(process), 20)
            fleet = Organisation(Emulator(process, ("own", "worker", "jobs")))
            names = fleet.fill(arguments.services - len(PLACES))
            fleet.job.emulator.call("rates", {"documented": True})
            began = time.monotonic()
            fleet.job.tick_the_clock()
            wait_until(lambda: fleet.looked_after() == len(names), 120)
            yield fleet, names, time.monotonic() - began
        finally:
            process.stop()


def percentile(values, percent):
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, len(ordered) * percent // 100)]


def throttled(fleet):
    return sum(fleet.job.emulator.call("rates")["throttled"].values())


def calls(fleet, operation):
    return sum(fleet.job.status()["api_calls"].get(operation, {}).values())


def wait_for_changes(fleet, names, events, timeout):
    """Until the count of each has changed; adds what happened to `events`."""
    missing = {fleet.arns[name].rsplit("/", 1)[1] for name in names}

    def all_changed():
        new = fleet.events()
        events.extend(new)
        missing.difference_update(
            event["subject"] for event in new if event["kind"] == "desired_changed")
        return not missing

    with contextlib.suppress(BaseException):
        wait_until(all_changed, timeout, interval=0.5)
    return missing


def trickle(arguments):
    """Messages on some services a second and place; the rows of the table."""
    chance = random.Random(18)
    with running(arguments) as (fleet, names, discovery):
        by_place = {place: [name for name in names if fleet.places[name] == place
                            and not name.startswith("twin")] for place in PLACES}
        for resting in by_place.values():
            chance.shuffle(resting)
        fleet.events()
        events, woken, began = [], [], time.monotonic()
        for second in range(arguments.seconds):
            for resting in by_place.values():
                for name in resting[second * AT_ONCE:(second + 1) * AT_ONCE]:
                    fleet.send(name)
                    woken.append(name)
            time.sleep(max(0, began + second + 1 - time.monotonic()))
        missing = wait_for_changes(fleet, woken, events, 60)
        waited = list(reactions(events).values())
        yield "all services seen after the first tick, s", f"{discovery:.1f}"
        yield (f"{AT_ONCE} more a second and place: services, from the first message to "
               "UpdateService, p50, p99, s",
               f"{len(waited):,}, {percentile(waited, 50):.1f}, {percentile(waited, 99):.1f}")
        yield "forgotten, throttled", f"{len(missing)}, {throttled(fleet)}"
        if missing or percentile(waited, 99) > arguments.tick + 2:
            arguments.failed = True


def share_of_rate(fleet, events):
    """Of the place that used least of what ECS documents, between its first change and its last."""
    shares = []
    for place in PLACES:
        names = {fleet.arns[name].rsplit("/", 1)[1] for name in fleet.arns
                 if fleet.places[name] == place}
        at = sorted(instant(event) for event in events if event["kind"] == "desired_changed"
                    and event["subject"] in names - {"twin"})
        shares.append((len(at) + 1) / (BURST + RATE * (at[-1] - at[0]).total_seconds()))
    return min(shares)


def flood(arguments, fleet, names):
    """Messages on all services at once."""
    fleet.events()
    before, began, events = calls(fleet, "UpdateService"), time.monotonic(), []
    for name in names:
        fleet.send(name)
    sent = time.monotonic() - began
    missing = wait_for_changes(fleet, names, events, 120)
    took = time.monotonic() - began
    share, changes = share_of_rate(fleet, events), calls(fleet, "UpdateService") - before
    waited = list(reactions(events).values())
    yield (f"all {len(names):,} at once (sent within {sent:.0f} s): p50, p99, the last after, s",
           f"{percentile(waited, 50):.1f}, {percentile(waited, 99):.1f}, {took:.1f}")
    yield "share of UpdateService's documented rate, in the place with the least", f"{share:.0%}"
    yield "forgotten, calls of UpdateService, throttled", (
        f"{len(missing)}, {changes:,}, {throttled(fleet)}")
    if missing or throttled(fleet) > changes // 50 or share < 0.95:
        arguments.failed = True


def until(condition, timeout, what):
    began = time.monotonic()
    wait_until(condition, timeout, interval=0.2, what=what)
    return time.monotonic() - began


def teams(arguments, fleet, names):
    """Tags that come, go and are wrong, a deployment, and a pause."""
    leaver, wrong, greedy, deployed = names[:4]
    newcomer = fleet.add("newcomer", PLACES[5], tags={})
    fleet.send(newcomer)
    fleet.untag(leaver, "queue")
    fleet.tag(wrong, policy="mode=nonsense")
    fleet.tag(greedy, policy="mode=fixed scale_up_target=101")
    fleet.tag(newcomer, queue="jobs-newcomer", policy=POLICY)
    took = until(lambda: fleet.desired(newcomer) == 1, 90, "the newcomer's task")
    yield "a tag that came: its service scaled after, s", f"{took:.1f}"
    time.sleep(max(0, 70 - took))  # The index of every sandbox has told of the others by now.
    for name in (leaver, wrong, greedy):
        fleet.send(name, 15)
    took = until(lambda: fleet.desired(wrong) == fleet.desired(greedy) == 2, 30,
                 "tasks by the last good settings")
    time.sleep(arguments.tick)
    yield ("wrong tag, one beyond the ceiling: scaled by the last good settings; tag gone: left "
           "alone", "yes, yes" if fleet.desired(leaver) == 1 else "yes, no")
    fleet.set_desired(deployed, 0)
    fleet.ring()
    took = until(lambda: fleet.desired(deployed) == 1, 30, "the count after the deployment")
    yield "a deployment reset a count, its event rang: mended after, s", f"{took:.1f}"


def pause(arguments, fleet, names):
    accounts = next(line for line in fleet_variables(0) if line.startswith("FLEET_ACCOUNTS"))
    folder = pathlib.Path(fleet.job.emulator.process.folder)
    began = time.monotonic()
    command = subprocess.run(
        [arguments.bin / "ecs-scaler", "pause", "--all", "--fleet", "tags"], check=False,
        capture_output=True, text=True, env=program_environment(folder, {
            "AWS_ENDPOINT_URL": fleet.endpoint, "AWS_REGION": REGIONS[0],
            "FLEET_ACCOUNTS": accounts.partition("=")[2]}))
    print(*command.stderr.splitlines()[:10], sep="\n", file=sys.stderr)  # Whose tags are wrong.
    took = time.monotonic() - began
    fleet.events()
    for name in names:
        fleet.send(name, 20)
    time.sleep(3 * arguments.tick)
    changes = [event for event in fleet.events() if event["kind"] == "desired_changed"]
    yield "`pause --all`, one command: services, s, changes in three ticks after it", (
        f"{len(command.stdout.splitlines()):,}, {took:.1f}, {len(changes)}")
    if changes:
        arguments.failed = True


def rows(arguments):
    yield from trickle(arguments)
    with running(arguments) as (fleet, names, _):
        yield from flood(arguments, fleet, names)
        yield from teams(arguments, fleet, names)
        yield from pause(arguments, fleet, names)
        function = fleet.job.status()["lambda"]
        yield "invocations, errors, throttled ones, sandboxes", json.dumps(
            [function[key] for key in ("invocations", "errors", "throttles", "cold_starts")])


def main():
    parser = argparse.ArgumentParser(description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--bin", type=pathlib.Path, default=lab.PROGRAMS)
    parser.add_argument("--services", type=int, default=1000)
    parser.add_argument("--tick", type=int, default=10)
    parser.add_argument("--shard", type=int, default=500)
    parser.add_argument("--seconds", type=int, default=30)
    parser.add_argument("--document", action="store_true")
    arguments = parser.parse_args()
    arguments.bin, arguments.failed = arguments.bin.resolve(), False
    table = []
    for row in rows(arguments):
        table.append(row)
        print(*row, sep=": ", flush=True)
    text = (f"{lab.table(['', 'measured'], table)}\n`./dev bench one_function --document`, "
            f"{lab.machine()}, {lab.today()}.\n")
    if arguments.document:
        lab.write_block("one_function", text)
    sys.exit(1 if arguments.failed else 0)


if __name__ == "__main__":
    main()
