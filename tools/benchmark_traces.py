#!/usr/bin/env python3
"""Compares policies on real traces and writes the table of docs/benchmarks.md.

usage: benchmark_traces.py [--program ecs-scaler] [--trace NAME ...] [--work SECONDS ...] [--write]

For each trace of bench/traces: on its first two thirds, the rival with the lowest p95 wait and the
one with the fewest task-hours, of those that lose no message. `ecs-scaler advise` chooses on the
same two thirds with nine tenths of the p95 wait of one, then of the other, as its objective. The
table shows everybody on the last third, which nobody has seen.
"""

import argparse
import datetime
import itertools
import json
import pathlib
import subprocess
import sys
import tempfile

from project_files import ROOT

TRACES = ROOT / "bench/traces"
DOCUMENT = ROOT / "docs/benchmarks.md"
BEGIN, END = "<!-- traces: begin -->", "<!-- traces: end -->"
# Tasks that start as on Fargate, workers that protect their task.
SERVICE = ["--start", "fargate", "--workers-protect", "--tasks-max", "200"]
WORK = [20, 1]
OBJECTIVE_SHARE = 0.9


def plain(work):
    return {"policy": {"mode": "latency", "target_latency": 60, "seconds_per_message": work,
                       "tasks_max": 200, "scale_in_when": "protected"}, "tick_seconds": 10}


def read_trace(path):
    """(instant, count) of each interval that has a value, and the interval's length."""
    begin, seconds, values = None, None, []
    for line in path.read_text().splitlines():
        if line.startswith("begin "):
            begin = datetime.datetime.fromisoformat(line.split()[1].replace("Z", "+00:00"))
        elif line.startswith("seconds "):
            seconds = int(line.split()[1])
        elif not line.startswith("#"):
            values += line.split()
    step = datetime.timedelta(seconds=seconds)
    return [(begin + i * step, int(value)) for i, value in enumerate(values) if value != "-"]


def write_csv(path, rows):
    lines = [f"{at.isoformat()},{value}\n" for at, value in rows]
    path.write_text("timestamp,value\n" + "".join(lines))


def run(program, *arguments):
    """The JSON that the program prints; exit code 1 (objective not met) is an answer, too."""
    done = subprocess.run([program, *map(str, arguments), "--output", "json"],
                          stdout=subprocess.PIPE, check=False)
    if done.returncode not in (0, 1) or not done.stdout:
        sys.exit(f"{program} {' '.join(map(str, arguments))}: exit code {done.returncode}")
    return json.loads(done.stdout)


def best_rival(policies, figure):
    """The rival that loses no message with the lowest figure."""
    honest = [policy for policy in policies if policy["lost_messages"] == 0]
    return min(honest, key=lambda policy: policy[figure])


def measure(program, path, folder, work):
    """All policies on the last third: first those that `advise` chose against the fastest and
    against the cheapest rival, each with its objective."""
    rows = read_trace(path)
    service = ["--work", f"{work}s", *SERVICE]
    whole, first = folder / f"{path.stem}.csv", folder / f"{path.stem}-first.csv"
    write_csv(whole, rows)
    write_csv(first, rows[:2 * len(rows) // 3])
    before = run(program, "simulate", "--trace", first, "--rival", "all", *service)["policies"]
    defaults = folder / "defaults.json"
    defaults.write_text(json.dumps(plain(work)))
    advised, others = [], []
    for aim, figure, *more in (("fast", "wait_p95_seconds", "--compare", "--policy", defaults),
                               ("cheap", "task_hours")):
        seconds = OBJECTIVE_SHARE * best_rival(before, figure)["wait_p95_seconds"]
        objective = f"p95 wait < {seconds:.1f}s"
        last_third = run(program, "advise", "--trace", whole, "--objective", objective,
                         *more, *service)["last_third"]
        advised.append(last_third[0] | {"policy": aim, "objective": objective})
        others += [policy for policy in last_third
                   if not policy["policy"].startswith(("advised", "runner-up", "plain"))]
    return advised, others


def short(seconds):
    return f"{seconds:.1f} s" if seconds < 120 else f"{seconds / 60:.1f} min"


def verdict(advised, rival, which):
    """Whether the claim holds: less wait than this rival at no more task-hours."""
    holds = (advised["wait_p95_seconds"] < rival["wait_p95_seconds"]
             and advised["task_hours"] <= rival["task_hours"])
    return (f"Against the {which} rival, {rival['policy']}, with `{advised['objective']}`: p95 "
            f"wait {short(advised['wait_p95_seconds'])} against "
            f"{short(rival['wait_p95_seconds'])}, "
            f"{advised['task_hours']:.0f} task-hours against {rival['task_hours']:.0f}"
            f"{'' if holds else '. The claim does not hold here'}.")


def dominated(advised, others):
    """Whoever loses nothing and is both quicker and cheaper than an advised policy."""
    return [f"{other['policy']} is quicker and cheaper than {one['policy']}"
            for one in advised for other in others
            if other["lost_messages"] == 0 and other["task_hours"] < one["task_hours"]
            and other["wait_p95_seconds"] < one["wait_p95_seconds"]]


def table(name, work, advised, others):
    rivals = [policy for policy in others if not policy["policy"].startswith("present")]
    fast, cheap = advised
    beaten = dominated(advised, others)
    lines = [f"### {name}, jobs of {work} s", "",
             f"{fast['sent_messages']:,} messages in the last third. "
             + verdict(fast, best_rival(rivals, "wait_p95_seconds"), "fastest") + " "
             + verdict(cheap, best_rival(rivals, "task_hours"), "cheapest") + " "
             + ("; ".join(beaten) or "Nobody is both quicker and cheaper than one of the two")
             + ".", "",
             "| policy | wait p50 | p95 | p99 | max | task-hours | USD | actions | turns | lost |",
             "|---|---|---|---|---|---|---|---|---|---|"]
    for policy in advised + others:
        title = {"fast": "**this program, `advise`, fast**",
                 "cheap": "**this program, `advise`, cheap**",
                 "present: defaults": "this program, plain"}.get(policy["policy"], policy["policy"])
        waits = " | ".join(short(policy[f"wait_{which}_seconds"])
                           for which in ("p50", "p95", "p99", "max"))
        lines.append(f"| {title} | {waits} | {policy['task_hours']:.1f} | {policy['price']:.2f} | "
                     f"{policy['scaling_actions']:,} | {policy['direction_changes']:,} | "
                     f"{policy['lost_messages']:,} |")
    lines += [""] + [f"- {policy['policy']}: `{policy['note']}`" for policy in advised] + [""]
    return "\n".join(lines)


def replace_between_marks(text, new):
    before, rest = text.split(BEGIN)
    after = rest.split(END)[1]
    return f"{before}{BEGIN}\n\n{new}\n{END}{after}"


def main():
    parser = argparse.ArgumentParser(description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--program", default=ROOT / "build/release/bin/ecs-scaler")
    parser.add_argument("--trace", action="append", help="a name of bench/traces; default: all")
    parser.add_argument("--work", action="append", type=int,
                        help="mean seconds of a job; default: 20 and 1")
    parser.add_argument("--write", action="store_true", help=f"put the table into {DOCUMENT.name}")
    arguments = parser.parse_args()
    names = arguments.trace or [path.stem for path in sorted(TRACES.glob("*.txt"))]
    tables = []
    with tempfile.TemporaryDirectory() as folder:
        for name, work in itertools.product(names, arguments.work or WORK):
            path = TRACES / f"{name}.txt"
            measured = measure(arguments.program, path, pathlib.Path(folder), work)
            tables.append(table(name, work, *measured))
            print(tables[-1], flush=True)
    if arguments.write:
        DOCUMENT.write_text(replace_between_marks(DOCUMENT.read_text(), "\n".join(tables)))


if __name__ == "__main__":
    main()
