#!/usr/bin/env python3
"""Compares who may drive the instances under GPU tasks: the tables of docs/benchmarks.md,
docs/cost.md and docs/how-to-gpu.md.

usage: benchmark_instances.py [--program ecs-scaler] [--pattern NAME ...] [--write]

The same messages, tasks and start times for everybody: bursts of 30 days, and the traces of
bench/traces with jobs of ten minutes, scaled so that four GPUs are busy on average. The service is
set by this program throughout, with nothing but what must be chosen; the instances by this program
(capacity=own), by ECS managed scaling with and without this program's first step
(capacity=follow), by Managed Instances, or by managed scaling over a warm pool.
"""

import argparse
import datetime
import json
import pathlib
import random
import tempfile

from benchmark_traces import TRACES, read_trace, run, short, write_csv
from project_files import ROOT

BENCHMARKS, COST, GUIDE = (ROOT / "docs" / name for name in
                           ("benchmarks.md", "cost.md", "how-to-gpu.md"))
BEGIN, END = "<!-- instances: begin -->", "<!-- instances: end -->"
DAYS, BUSY = 30, 4
MINUTE = datetime.timedelta(minutes=1)
SERVICE = ["--start", "gpu", "--workers-protect", "--task-start", "5s-15s", "--tasks-max", "100",
           "--instance-start", "3m-4m", "--image-pull", "30s-60s"]
RIVALS = ["managed-scaling", "managed-instances-60s", "managed-instances-300s", "warm-pool"]
TITLES = {"own": "**this program, `capacity=own`**",
          "follow": "managed scaling, `capacity=follow`",
          "ECS managed scaling": "managed scaling"}
TYPES = ["g4dn.xlarge", "g5.xlarge", "p4d.24xlarge"]
SPARSE = "one job of 5 min every two hours"
BURST = "ten jobs of 5 min every two hours"
RESTLESS = "elb_requests, jobs of 10 min"


def bursts(minutes_between, size, chance=None):
    """(instant, messages) of each minute of 30 days; at a chance's moments, or evenly."""
    begin = datetime.datetime(2026, 1, 5, tzinfo=datetime.UTC)
    count = DAYS * 24 * 60
    rows = [0] * count
    at = 0.0
    while True:
        at += chance.expovariate(1 / minutes_between) if chance else minutes_between
        if at >= count:
            return [(begin + i * MINUTE, value) for i, value in enumerate(rows)]
        rows[int(at)] += size


def patterns():
    """By name: rows, the seconds of a job, and what the values are multiplied by."""
    named = {SPARSE: (bursts(120, 1), 300, 1),
             "one job of 5 min every half hour": (bursts(30, 1), 300, 1),
             BURST: (bursts(120, 10), 300, 1),
             "twenty jobs of 10 min at random moments, four times a day":
                 (bursts(360, 20, random.Random(1)), 600, 1)}
    for path in sorted(TRACES.glob("*.txt")):
        rows = read_trace(path)
        seconds = (rows[-1][0] - rows[0][0]).total_seconds()
        work = 600
        scale = BUSY * seconds / (work * sum(value for _, value in rows))
        named[f"{path.stem}, jobs of 10 min"] = (rows, work, scale)
    return named


def settings(work, capacity):
    return {"policy": {"mode": "latency", "target_latency": 60, "seconds_per_message": work,
                       "tasks_max": 100, "scale_in_when": "protected", "capacity": capacity,
                       "instance_tasks": 1},
            "tick_seconds": 10, "wake": True}


def measure(program, folder, rows, work, scale, price):
    """Everybody's figures, this program's first."""
    trace = folder / "trace.csv"
    write_csv(trace, rows)
    arguments = []
    for capacity in ("own", "follow"):
        policy = folder / f"{capacity}.json"
        policy.write_text(json.dumps(settings(work, capacity)))
        arguments += ["--policy", policy]
    for rival in RIVALS:
        arguments += ["--rival", rival]
    return run(program, "simulate", "--trace", trace, "--scale", f"{scale:.6f}", "--work",
               f"{work}s", *SERVICE, "--instance-price", price, *arguments)["policies"]


def by_name(policies, name):
    return next(policy for policy in policies if policy["policy"] == name)


def title(policy):
    return TITLES.get(policy["policy"], policy["policy"])


def table(name, work, policies):
    own, managed = by_name(policies, "own"), by_name(policies, "ECS managed scaling")
    share = own["instance_hours"] / managed["instance_hours"]
    floor = own["sent_messages"] * work / 3600
    lines = [f"### {name}", "",
             f"{own['sent_messages']:,} messages, {floor:,.0f} hours of work. `capacity=own` needs "
             f"{share:.0%} of the instance-hours of managed scaling alone, and costs "
             f"${own['month']:,.2f} a month against ${managed['month']:,.2f}.", "",
             "| instances driven by | wait p50 | p95 | p99 | instance-hours | of the work | USD |"
             " a month | launched | idle p95 | lost |",
             "|---|--:|--:|--:|--:|--:|--:|--:|--:|--:|--:|"]
    for policy in policies:
        waits = " | ".join(short(policy[f"wait_{which}_seconds"])
                           for which in ("p50", "p95", "p99"))
        lines.append(f"| {title(policy)} | {waits} | {policy['instance_hours']:,.1f} | "
                     f"{policy['instance_hours'] / floor:.2f} | {policy['price']:,.2f} | "
                     f"{policy['month']:,.2f} | {policy['instances_launched']:,} | "
                     f"{short(policy['instance_idle_p95_seconds'])} | "
                     f"{policy['lost_messages']:,} |")
    return "\n".join([*lines, ""])


def targets(measured):
    """What is aimed at, and whether it is met."""
    sparse = measured.get(SPARSE)
    lines = []
    if sparse:
        share = (by_name(sparse, "own")["instance_hours"]
                 / by_name(sparse, "ECS managed scaling")["instance_hours"])
        lines.append(f"- {SPARSE}: {share:.1%} of managed scaling's instance-hours (at most "
                     "45 %).")
    idle = max(by_name(policies, "own")["instance_idle_p95_seconds"]
               for policies in measured.values())
    lines.append("- Idle time of an instance after its last task, p95, the longest of the "
                 f"patterns: {idle / 60:.2f} min (under 2.5).")
    dearer = [name for name, policies in measured.items()
              if by_name(policies, "own")["month"]
              > by_name(policies, "ECS managed scaling")["month"]]
    lines.append("- Patterns in which it costs more than managed scaling: "
                 + ("; ".join(dearer) or "none") + ".")
    return "\n".join([*lines, ""])


def cost_table(program, folder):
    rows, work, scale = patterns()[SPARSE]
    by_type = {kind: measure(program, folder, rows, work, scale, kind) for kind in TYPES}
    lines = [f"| {SPARSE}: instances driven by | instance-hours a month | "
             + " | ".join(TYPES) + " |", "|---|--:|" + "--:|" * len(TYPES)]
    for index, policy in enumerate(by_type[TYPES[0]]):
        hours = policy["instance_hours"] * 730 / (DAYS * 24)
        lines.append(f"| {title(policy)} | {hours:,.0f} | " + " | ".join(
            f"${by_type[kind][index]['month']:,.2f}" for kind in TYPES) + " |")
    return "\n".join([*lines, ""])


def guide_table(measured):
    """The median wait and a month's dollars, for who has to choose."""
    columns = [measured[name] for name in (SPARSE, BURST, RESTLESS)]
    lines = [f"| driven by | {SPARSE} | {BURST} | {RESTLESS}: never rests |",
             "|---|--:|--:|--:|"]
    for rows in zip(*columns):
        lines.append(f"| {title(rows[0])} | " + " | ".join(
            f"{short(policy['wait_p50_seconds'])}, ${policy['month']:,.0f}" for policy in rows)
            + " |")
    return "\n".join([*lines, ""])


def replace_between_marks(path, new):
    before, rest = path.read_text().split(BEGIN)
    path.write_text(f"{before}{BEGIN}\n\n{new}\n{END}{rest.split(END)[1]}")


def main():
    parser = argparse.ArgumentParser(description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--program", default=ROOT / "build/release/bin/ecs-scaler")
    parser.add_argument("--pattern", action="append", help="the beginning of a name; default: all")
    parser.add_argument("--write", action="store_true", help="put the tables into the documents")
    arguments = parser.parse_args()
    chosen = {name: pattern for name, pattern in patterns().items()
              if not arguments.pattern or name.startswith(tuple(arguments.pattern))}
    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)
        measured, tables = {}, []
        for name, (rows, work, scale) in chosen.items():
            measured[name] = measure(arguments.program, folder, rows, work, scale, "g5.xlarge")
            tables.append(table(name, work, measured[name]))
            print(tables[-1], flush=True)
        told = targets(measured)
        costs = cost_table(arguments.program, folder)
        print(told, costs, sep="\n")
    if arguments.write:
        replace_between_marks(BENCHMARKS, "\n".join([told, *tables]))
        replace_between_marks(COST, costs)
        replace_between_marks(GUIDE, guide_table(measured))


if __name__ == "__main__":
    main()
