#!/usr/bin/env python3
"""Judges `advise` on traces that nobody has seen (bench/unseen_traces.py).

usage: advice.py [--program ecs-scaler] [--kind NAME ...] [--every N] [--seed N] [--alone]
                 [--verbose]

For each kind of trace, tasks that start in 1 s and in 20 s, and each objective: what `advise`
chooses on the first two thirds stands, on both parts of the trace, beside plain settings, what a
person might try by hand, and a grid over all modes, with the same safety. Two things are judged:
nobody without losses may be both quicker and cheaper, and the advice must meet its objective if
anybody meets it. The money is that of a month, the scaler's own cost included. --every 4 takes each
fourth question; --alone asks nobody else, which is quick, and expects the objective to be met
afterwards where the advice meets it on what it was chosen on.
"""

import argparse
import itertools
import json
import pathlib
import resource
import sys
import tempfile

HERE = pathlib.Path(__file__).resolve().parent
sys.path[:0] = [str(HERE), str(HERE.parent / "tools")]
import lab  # noqa: E402
from benchmark_traces import run, write_csv  # noqa: E402
from unseen_traces import KINDS, rows_of  # noqa: E402

TASKS_MAX = 100
STARTS = (1, 20)
# The figure that an objective limits, and by how much a message may wait beyond the start.
OBJECTIVES = (("p95", 15), ("p95", 120), ("p50", 40), ("p99", 300))
BESIDE_NOISE = 0.01  # of the wait and of the money: who is better by less is no better


def objectives_of(kind, start):
    """A tight one and a generous one; for long works nobody hopes for seconds."""
    for figure, more in OBJECTIVES:
        yield figure, round(start + more + kind.work * (0.3 if more < 60 else 1))


def settings(tick=10, wake=False, **policy):
    return {"policy": {"tasks_max": TASKS_MAX, "scale_in_when": "protected", **policy},
            "wake": wake} | ({"tick_seconds": tick} if tick else {})


def latency(seconds, work, **more):
    return settings(mode="latency", target_latency=max(1, round(seconds, 1)),
                    seconds_per_message=work, **more)


def plain(limit, kind):
    """The program with nothing told but what must be, and what its documents show."""
    return [latency(limit, kind.work, wake=True), latency(60, kind.work),
            settings(mode="backlog", backlog_per_task=1),
            settings(mode="backlog", backlog_per_task=10),
            settings(mode="backlog", backlog_per_task=10, wake=True),
            settings(mode="fixed", scale_up_target=1, wake=True),
            settings(mode="fixed", scale_up_target=4)]


def grid(limit, kind, mean):
    """By hand: everything that is usual, at each level."""
    sparing = {"scale_down_threshold": 0, "zero_confirmations": 1}
    variants = [{}, sparing, {"scale_in_window": 120}]
    levels = sorted({round(max(1, level), 1) for level in
                     [share * limit for share in (0.25, 0.5, 0.75, 1)]
                     + [share * kind.work for share in (0.35, 1)
                        if share * kind.work < 2 * limit]})
    rows = [latency(level, kind.work, tick=tick, wake=wake, **more)
            for level in levels for tick in (None, 10) for wake in (False, True)
            for more in variants]
    rows += [latency(level, kind.work, tick=tick, **sparing, activation_backlog=messages)
             for level in (limit / 2, limit) for tick in (None, 10) for messages in (2, 4, 8)]
    rows += [settings(tick=tick, wake=wake, mode="backlog", backlog_per_task=each, **more)
             for each in (1, 3, 10, 30) for tick in (None, 10) for wake in (False, True)
             for more in variants[:2]]
    rows += [settings(tick=tick, wake=True, mode="fixed", scale_up_target=max(1, round(times)),
                      **more)
             for times in (1, mean, 2 * mean, 4 * mean) for tick in (None, 10)
             for more in variants[:2]]
    rows += [latency(level, kind.work, tick=tick, tasks_min=tasks)
             for level in (limit / 2, limit) for tick in (None, 10)
             for tasks in {1, max(1, round(mean))}]
    return rows


def processor_seconds():
    """Of all programs that were run so far."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def simulate(program, folder, trace, service, policies):
    files = []
    for number, policy in enumerate(policies):
        files.append(folder / f"{number}.json")
        files[-1].write_text(json.dumps(policy))
    named = [word for file in files for word in ("--policy", file)]
    return run(program, "simulate", "--trace", trace, *service, *named)["policies"]


def dominators(answers, figure, money="month"):
    """Who loses nothing and is both quicker and cheaper than the first: by what parts."""
    advised = answers[0]
    found = []
    for index, other in enumerate(answers[1:], 1):
        quicker = 1 - other[figure] / max(advised[figure], 1e-9)
        cheaper = 1 - other[money] / max(advised[money], 1e-9)
        if not other["lost_messages"] and min(quicker, cheaper) > BESIDE_NOISE:
            found.append((min(quicker, cheaper), quicker, cheaper, index))
    return sorted(found, reverse=True)


def cheapest_excess(answers, figure, limit):
    """By what part the first costs more than the cheapest that meets the objective."""
    met = [one["month"] for one in answers[1:]
           if one[figure] < limit and not one["lost_messages"]]
    return answers[0]["month"] / min(met) - 1 if met and min(met) > 0 else None


def judge(program, folder, kind, start, objective, seed, *, alone=False):
    """One question: what it took, and what is wrong with the answer."""
    figure, limit = objective
    rows = rows_of(kind, seed)
    cut = 2 * len(rows) // 3
    whole, first, last = (folder / f"{name}.csv" for name in ("whole", "first", "last"))
    write_csv(whole, rows)
    write_csv(first, rows[:cut])
    write_csv(last, rows[cut:])
    service = ["--work", f"{kind.work}s", "--task-start", f"{start}s", "--workers-protect",
               "--tasks-max", TASKS_MAX, "--objective", f"{figure} wait < {limit}s"]
    began = processor_seconds()
    advice = run(program, "advise", "--trace", whole, *service)
    seconds = processor_seconds() - began
    mean = sum(count for _, count in rows[:cut]) * kind.work / (cut * kind.interval)
    rivals = [] if alone else plain(limit, kind) + grid(limit, kind, mean)
    result = {"kind": kind.name, "start": start, "objective": f"{figure} < {limit}s",
              "seconds": seconds, "tried": advice["tried"], "ended": advice["ended"],
              "settings": advice["settings"]}
    wait = f"wait_{figure}_seconds"
    for part, trace in (("first", first), ("last", last)):
        answers = simulate(program, folder, trace, service, [advice["settings"], *rivals])
        met = (advice["met_where_chosen"] if alone
               else sum(one[wait] < limit for one in answers[1:]))
        better = dominators(answers, wait)
        in_hours = dominators(answers, wait, "task_hours")
        result[part] = {
            "wait": answers[0][wait], "month": answers[0]["month"], "met_by": met,
            "misses": answers[0][wait] / limit - 1 if answers[0][wait] >= limit and met else 0,
            "excess": cheapest_excess(answers, wait, limit), "dominated": len(better),
            "dominated_hours": len(in_hours),
            "by": [*better[0][1:3], rivals[better[0][3] - 1]] if better else None}
    return result


def line_of(result):
    text = (f"{result['kind']:34} {result['start']:2} s {result['objective']:12} "
            f"{result['seconds']:6.1f} s {result['tried']:5}")
    for part in ("first", "last"):
        one = result[part]
        excess = "   -  " if one["excess"] is None else f"{100 * one['excess']:+6.1f}"
        text += (f" | {one['wait']:7.1f} s ${one['month']:8.2f} {excess} % "
                 f"miss {100 * one['misses']:5.1f} % dom {one['dominated']:3} "
                 f"{one['dominated_hours']:3}")
    return text


def main():
    parser = argparse.ArgumentParser(description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--program", default=lab.ECS_SCALER)
    parser.add_argument("--kind", action="append", help="part of a name; default: all")
    parser.add_argument("--every", type=int, default=1, help="each Nth question only")
    parser.add_argument("--from", dest="first", type=int, default=0, help="from that question on")
    parser.add_argument("--seed", type=int, default=8, help="of the traces")
    parser.add_argument("--alone", action="store_true", help="judge the objective only")
    parser.add_argument("--json", type=pathlib.Path, help="write all results to this file")
    parser.add_argument("--verbose", action="store_true", help="tell who is better, and the advice")
    arguments = parser.parse_args()
    kinds = [kind for kind in KINDS
             if not arguments.kind or any(part in kind.name for part in arguments.kind)]
    # Neighbours differ in the objective, too, so that each Nth meets all of them.
    questions = [(kind, start, objective)
                 for number, kind in enumerate(kinds) for turn, start in enumerate(STARTS)
                 for objective in itertools.islice(
                     itertools.cycle(objectives_of(kind, start)), number + turn, number + turn + 3)]
    results = []
    with tempfile.TemporaryDirectory() as folder:
        for kind, start, objective in questions[arguments.first::arguments.every]:
            results.append(judge(arguments.program, pathlib.Path(folder), kind, start, objective,
                                 arguments.seed, alone=arguments.alone))
            print(line_of(results[-1]), flush=True)
            for part in ("first", "last"):
                if arguments.verbose and results[-1][part]["by"]:
                    quicker, cheaper, rival = results[-1][part]["by"]
                    print(f"    {part}: {100 * quicker:.1f} % quicker and {100 * cheaper:.1f} % "
                          f"cheaper: {json.dumps(rival)}", flush=True)
            if arguments.verbose:
                print(f"    {json.dumps(results[-1]['settings'])}", flush=True)
    for part in ("first", "last"):
        misses = [one[part]["misses"] for one in results if one[part]["misses"]]
        beaten = [one for one in results if one[part]["dominated"]]
        excess = [one[part]["excess"] for one in results if one[part]["excess"] is not None]
        print(f"{part} part: of {len(results)} questions {len(beaten)} are answered with what "
              f"somebody beats, {len(misses)} miss the objective, by "
              f"{100 * max(misses, default=0):.1f} % at most; the cheapest that meets it costs "
              f"{100 * max(excess, default=0):.1f} % less at most, on average "
              f"{100 * sum(excess) / max(len(excess), 1):.1f} %")
    print(f"{sum(one['seconds'] for one in results):.0f} s of processor time for the advice in all")
    if arguments.json:
        arguments.json.write_text(json.dumps(results))


if __name__ == "__main__":
    main()
