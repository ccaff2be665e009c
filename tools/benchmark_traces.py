#!/usr/bin/env python3
"""Compares policies on real traces and writes the table of docs/benchmarks.md.

usage: benchmark_traces.py [--program ecs-scaler] [--trace NAME ...] [--trials N] [--write]

For each trace of bench/traces: on its first two thirds, the lowest p95 wait of any rival that loses
no message; the objective is nine tenths of it. `ecs-scaler advise` chooses on the same two thirds.
The table shows everybody on the last third, which nobody has seen.
"""

import argparse
import datetime
import json
import pathlib
import subprocess
import sys
import tempfile

from project_files import ROOT

TRACES = ROOT / "bench/traces"
DOCUMENT = ROOT / "docs/benchmarks.md"
BEGIN, END = "<!-- traces: begin -->", "<!-- traces: end -->"
# Jobs of 20 s on average, tasks that start as on Fargate, workers that protect their task.
SERVICE = ["--work", "20s", "--start", "fargate", "--workers-protect", "--tasks-max", "200"]
DEFAULTS = {"policy": {"mode": "latency", "target_latency": 60, "seconds_per_message": 20,
                       "tasks_max": 200, "scale_in_when": "protected"}, "tick_seconds": 10}
OBJECTIVE_SHARE = 0.9


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


def best_rival(policies):
    honest = [policy for policy in policies if policy["lost_messages"] == 0]
    return min(honest, key=lambda policy: policy["wait_p95_seconds"])


def measure(program, path, folder, trials):
    """What `advise` prints for the trace, and the objective that it was given."""
    rows = read_trace(path)
    whole, first = folder / f"{path.stem}.csv", folder / f"{path.stem}-first.csv"
    write_csv(whole, rows)
    write_csv(first, rows[:2 * len(rows) // 3])
    before = run(program, "simulate", "--trace", first, "--rival", "all", *SERVICE)["policies"]
    seconds = OBJECTIVE_SHARE * best_rival(before)["wait_p95_seconds"]
    objective = f"p95 wait < {seconds:.1f}s"
    defaults = folder / "defaults.json"
    defaults.write_text(json.dumps(DEFAULTS))
    advice = run(program, "advise", "--trace", whole, "--objective", objective, "--compare",
                 "--policy", defaults, "--trials", trials, *SERVICE)
    return advice, objective


def short(seconds):
    return f"{seconds:.1f} s" if seconds < 120 else f"{seconds / 60:.1f} min"


def verdict(advised, rivals):
    """Whether the claim holds: less wait than every rival, no more task-hours than the best."""
    best = best_rival(rivals)
    less_wait = advised["wait_p95_seconds"] < best["wait_p95_seconds"]
    no_more = advised["task_hours"] <= best["task_hours"]
    waits = f"{short(advised['wait_p95_seconds'])} against {short(best['wait_p95_seconds'])}"
    hours = f"{advised['task_hours']:.0f} task-hours against {best['task_hours']:.0f}"
    if less_wait and no_more:
        return (f"With `advise` the p95 wait is lower than that of every rival ({waits} of the "
                f"best, {best['policy']}) at no more task-hours than it ({hours}).")
    return (f"The claim does not hold here: against the rival with the least wait, "
            f"{best['policy']}, the p95 wait is {waits}, and it takes {hours}.")


def table(name, advice, objective):
    policies = [policy for policy in advice["last_third"]
                if not policy["policy"].startswith("runner-up")]
    rivals = [policy for policy in policies
              if not policy["policy"].startswith(("advised", "present"))]
    lines = [f"### {name}", "",
             f"{policies[0]['sent_messages']:,} messages in the last third; the objective for "
             f"`advise` was `{objective}`. {verdict(policies[0], rivals)}", "",
             "| policy | wait p50 | p95 | p99 | max | task-hours | USD | actions | turns | lost |",
             "|---|---|---|---|---|---|---|---|---|---|"]
    for policy in policies:
        title = {"advised": "**this program, `advise`**"}.get(
            policy["policy"], policy["policy"].replace("present: defaults", "this program, plain"))
        waits = " | ".join(short(policy[f"wait_{which}_seconds"])
                           for which in ("p50", "p95", "p99", "max"))
        lines.append(f"| {title} | {waits} | {policy['task_hours']:.1f} | {policy['price']:.2f} | "
                     f"{policy['scaling_actions']:,} | {policy['direction_changes']:,} | "
                     f"{policy['lost_messages']:,} |")
    lines += ["", f"Advised: `{policies[0]['note']}`", ""]
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
    parser.add_argument("--trials", type=int, default=150)
    parser.add_argument("--write", action="store_true", help=f"put the table into {DOCUMENT.name}")
    arguments = parser.parse_args()
    names = arguments.trace or [path.stem for path in sorted(TRACES.glob("*.txt"))]
    tables = []
    with tempfile.TemporaryDirectory() as folder:
        for name in names:
            advice, objective = measure(arguments.program, TRACES / f"{name}.txt",
                                        pathlib.Path(folder), arguments.trials)
            tables.append(table(name, advice, objective))
            print(tables[-1], flush=True)
    if arguments.write:
        DOCUMENT.write_text(replace_between_marks(DOCUMENT.read_text(), "\n".join(tables)))


if __name__ == "__main__":
    main()
