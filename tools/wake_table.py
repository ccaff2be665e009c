#!/usr/bin/env python3
"""What a wake costs the first messages, and each trigger in money: the table of docs/triggers.md.

usage: wake_table.py [--program ecs-scaler] [--write]

A lone message every eight minutes, for a week, with the wake, with the doorbell and with neither
beside ticks of 10 s. The simulation is deterministic; a test compares the table with the document.
"""

import argparse
import json
import pathlib
import tempfile

from benchmark_traces import run
from project_files import ROOT

DOCUMENT = ROOT / "docs/triggers.md"
BEGIN, END = "<!-- wake: begin -->", "<!-- wake: end -->"
SERVICE = ["--arrivals", "poisson:0.002", "--length", "7d", "--work", "20s"]
POLICY = {"mode": "backlog", "backlog_per_task": 1, "tasks_max": 50}
TRIGGERS = {"wake": {"wake": True}, "doorbell": {"doorbell": True, "wake": False},
            "neither": {"wake": False}}


def table(program):
    with tempfile.TemporaryDirectory() as folder:
        files = []
        for name, trigger in TRIGGERS.items():
            files += ["--policy", pathlib.Path(folder) / f"{name}.json"]
            files[-1].write_text(json.dumps({"policy": POLICY, "tick_seconds": 10, **trigger}))
        policies = run(program, "simulate", *SERVICE, *files)["policies"]
    lines = ["| beside ticks of 10 s | wait p50 | p95 | p99 | longest | the scaler a month |",
             "|---|--:|--:|--:|--:|--:|"]
    for policy in policies:
        waits = " | ".join(f"{policy[f'wait_{which}_seconds']:.1f} s"
                           for which in ("p50", "p95", "p99", "max"))
        lines.append(f"| {policy['policy']} | {waits} | ${policy['own_month']:.2f} |")
    return "\n".join(lines) + "\n"


def main():
    parser = argparse.ArgumentParser(description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--program", default=ROOT / "build/release/bin/ecs-scaler")
    parser.add_argument("--write", action="store_true", help=f"put the table into {DOCUMENT.name}")
    arguments = parser.parse_args()
    printed = table(arguments.program)
    print(printed, end="")
    if arguments.write:
        text = DOCUMENT.read_text()
        before, rest = text.split(BEGIN)
        DOCUMENT.write_text(f"{before}{BEGIN}\n{printed}{END}{rest.split(END)[1]}")


if __name__ == "__main__":
    main()
