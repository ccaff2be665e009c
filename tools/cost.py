#!/usr/bin/env python3
"""What the scaler itself costs a month, for each way of triggering it: the table of docs/cost.md.

usage: cost.py [--tick-seconds N] [--milliseconds N] [--fleet N ...]
With --fleet: what fleets of so many services cost, each with one job queue.
Prices are those of us-east-1, as of the sources in PRICES; see docs/cost.md for what is assumed.
"""

import argparse
import random

MINUTES = 30 * 24 * 60
HOURS = 730
LONG_POLL = 20.0  # seconds; how long a mapping's poller waits for a message
MEMORY_GB = 0.125
LOG_KB = 1.0  # a pass's log line and Lambda's own lines
# Of a fleet. Every look at a service, at rest or not, is one GetQueueAttributes and a tenth of a
# DescribeServices, which is not charged and of which ECS takes 20 a second (docs/performance.md).
BURST, DESCRIBES, AT_ONCE = 100, 20, 10  # calls at once, calls a second, services in a call
PLATFORM_KB = 0.25  # Lambda's own lines of an invocation
LINE_KB = 0.75  # a line of the log of a pass that holds
CPU_SECONDS = 0.28 / 10_000  # of a look at one service on a whole core, docs/performance.md
WHOLE_CORE_GB = 1.769
FUNCTION_SECONDS = 30
# USD, from price guides of the date given: (price, what for, as of, AWS's page to check it with).
PRICES = {
    "lambda_request": (0.20e-6, "Lambda, a request", "2026", "lambda"),
    "lambda_gb_second_x86": (16.6667e-6, "Lambda x86_64, a GB-second", "2026", "lambda"),
    "lambda_gb_second_arm": (13.3334e-6, "Lambda arm64, a GB-second", "2026", "lambda"),
    "sqs_request": (0.40e-6, "SQS standard, a request", "March 2026", "sqs"),
    "rule": (0.0, "EventBridge rule on a schedule", "March 2026", "eventbridge"),
    "log_gb": (0.50, "CloudWatch Logs, a GB taken in", "February 2026", "cloudwatch"),
    "metric": (0.30, "CloudWatch, a custom metric a month", "February 2026", "cloudwatch"),
    "vcpu_hour_x86": (0.04048, "Fargate x86_64, a vCPU-hour", "March 2026", "fargate"),
    "gb_hour_x86": (0.004445, "Fargate x86_64, a GB-hour", "March 2026", "fargate"),
    "vcpu_hour_arm": (0.03238, "Fargate arm64, a vCPU-hour", "March 2026", "fargate"),
    "gb_hour_arm": (0.00356, "Fargate arm64, a GB-hour", "March 2026", "fargate"),
}
FREE = {"lambda_requests": 1e6, "gb_seconds": 400e3, "sqs_requests": 1e6, "log_gb": 5.0}


def price(name):
    return PRICES[name][0]


def receives_per_minute(pollers, ticks, minutes=2000):
    """How often a mapping's pollers call ReceiveMessage in a minute.

    A poll ends with a message or after 20 s, and the next begins at once; a message goes to any of
    the pollers that wait. `ticks` are the seconds of the minute at which messages become visible.
    """
    chance = random.Random(1)
    began = [chance.uniform(-LONG_POLL, 0) for _ in range(pollers)]
    polls = 0
    for minute in range(minutes):
        for second in [*ticks, 60.0]:
            now = minute * 60 + second
            for index, start in enumerate(began):
                ended = int((now - start) // LONG_POLL)
                polls += ended
                began[index] = start + ended * LONG_POLL
            if second < 60.0:
                began[chance.randrange(pollers)] = now
                polls += 1
    return polls / minutes


def tick_seconds_of_minute(tick_seconds):
    return [float(second) for second in range(tick_seconds, 60, tick_seconds)]


def month(name, passes_per_minute, sqs_requests, milliseconds):
    """One set-up: requests and money a month."""
    invocations = passes_per_minute * MINUTES
    gb_seconds = invocations * milliseconds / 1000 * MEMORY_GB
    requests = sqs_requests + invocations  # Each pass reads the job queue once.
    log_gb = invocations * LOG_KB / 1e6
    parts = {"lambda": invocations * price("lambda_request")
             + gb_seconds * price("lambda_gb_second_x86"),
             "sqs": requests * price("sqs_request"), "logs": log_gb * price("log_gb")}
    free = (max(0.0, invocations - FREE["lambda_requests"]) * price("lambda_request")
            + max(0.0, gb_seconds - FREE["gb_seconds"]) * price("lambda_gb_second_x86")
            + max(0.0, requests - FREE["sqs_requests"]) * price("sqs_request")
            + max(0.0, log_gb - FREE["log_gb"]) * price("log_gb"))
    return {"name": name, "invocations": invocations, "requests": requests, **parts,
            "total": sum(parts.values()), "free": free}


def setups(tick_seconds, milliseconds):
    ticks = tick_seconds_of_minute(tick_seconds)
    rows = [month("schedule alone", 1, 0, milliseconds)]
    for pollers in (2, 5):
        idle = receives_per_minute(pollers, []) * MINUTES
        # A minute's ticks: one batch sent, each received and deleted.
        ticking = (receives_per_minute(pollers, ticks) + 1 + len(ticks)) * MINUTES
        passes = 1 + len(ticks)
        those = f"{pollers} pollers"
        rows += [month(f"schedule, wake ({those})", 1, idle, milliseconds),
                 month(f"schedule, doorbell ({those})", 1, idle, milliseconds),
                 month(f"schedule, ticks each {tick_seconds} s ({those})", passes, ticking,
                       milliseconds),
                 month(f"schedule, wake, ticks each {tick_seconds} s ({those})", passes,
                       ticking + idle, milliseconds),
                 month(f"schedule, wake, doorbell, ticks each {tick_seconds} s ({those})", passes,
                       ticking + 2 * idle, milliseconds)]
    return rows


def look_seconds(services, every):
    """How long ECS's rate makes a look at all services last, where they are begun each so often."""
    calls = -(-services // AT_ONCE)
    if calls <= DESCRIBES * every:
        return max(0.0, (calls - BURST) / DESCRIBES)
    return calls / DESCRIBES


def fleet_of(services, every, runs):
    """A month of a fleet, a pass each `every` seconds: as a function or a controller."""
    seconds = MINUTES * 60
    waits = look_seconds(services, every)
    # What a pass does not reach in its time comes first in the next.
    looks = services * seconds / max(every, waits)
    passes = seconds / every
    if runs == "function":
        looks = min(looks, passes * AT_ONCE * (BURST + DESCRIBES * FUNCTION_SECONDS))
    row = {"services": services, "looks": looks / services / MINUTES,
           "sqs": looks * price("sqs_request")}
    lines_kb = min(looks, services * MINUTES) * LINE_KB  # Ticks that change nothing say nothing.
    if runs == "controller":
        row |= {"runs": fargate("x86"),
                "logs": lines_kb / 1e6 * price("log_gb")}
    else:
        cpu = looks / passes * CPU_SECONDS * WHOLE_CORE_GB / MEMORY_GB
        took = min(FUNCTION_SECONDS, 0.03 + cpu + min(waits, every))
        ticking = 0
        if every < 60:
            ticks = tick_seconds_of_minute(every)
            ticking = (receives_per_minute(2, ticks) + 1 + len(ticks)) * MINUTES
        row["sqs"] += ticking * price("sqs_request")
        row |= {"runs": passes * (price("lambda_request")
                                  + took * MEMORY_GB * price("lambda_gb_second_x86")),
                "logs": (lines_kb + passes * PLATFORM_KB) / 1e6 * price("log_gb")}
    row["total"] = row["sqs"] + row["runs"] + row["logs"]
    return row


def print_fleets(sizes, every):
    print("| services | how | looks at each a minute | SQS | Lambda, Fargate | logs | a month |"
          " a service |")
    print("|--:|---|--:|--:|--:|--:|--:|--:|")
    for services in sizes:
        for name, seconds, runs in (
                ("function, schedule alone", 60, "function"),
                (f"function, ticks each {every} s", every, "function"),
                (f"controller, a pass each {every} s", every, "controller")):
            row = fleet_of(services, seconds, runs)
            print(f"| {services:,} | {name} | {row['looks']:.1f} | ${row['sqs']:,.2f} |"
                  f" ${row['runs']:,.2f} | ${row['logs']:,.2f} | **${row['total']:,.2f}** |"
                  f" ${row['total'] / services:.3f} |")


def fargate(kind):
    return HOURS * (0.25 * price(f"vcpu_hour_{kind}") + 0.5 * price(f"gb_hour_{kind}"))


def loop(kind, seconds_between):
    """One invocation that loops through the whole minute."""
    return (MINUTES * 60 * MEMORY_GB * price(f"lambda_gb_second_{kind}")
            + MINUTES * price("lambda_request")
            + MINUTES * 60 / seconds_between * price("sqs_request"))


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n", 1)[0])
    parser.add_argument("--tick-seconds", type=int, default=10, choices=range(1, 60), metavar="N")
    parser.add_argument("--milliseconds", type=int, default=30, help="how long a pass takes")
    parser.add_argument("--fleet", type=int, nargs="+", metavar="N", help="sizes of fleets instead")
    arguments = parser.parse_args()
    if arguments.fleet:
        if min(arguments.fleet) < 1:
            parser.error("--fleet: a fleet has at least one service")
        print_fleets(arguments.fleet, arguments.tick_seconds)
        return
    print("| set-up | invocations | SQS requests | Lambda | SQS | logs | a month |"
          " with the free tiers |")
    print("|---|---|---|---|---|---|---|---|")
    for row in setups(arguments.tick_seconds, arguments.milliseconds):
        print(f"| {row['name']} | {row['invocations']:,} | {row['requests']:,.0f} |"
              f" ${row['lambda']:.3f} | ${row['sqs']:.3f} | ${row['logs']:.3f} |"
              f" **${row['total']:.2f}** | ${row['free']:.2f} |")
    print()
    print("| for comparison | a month |\n|---|---|")
    print(f"| a Lambda function that loops all the time, a look each 5 s, x86_64 |"
          f" ${loop('x86', 5):.2f} |")
    print(f"| the same, arm64 | ${loop('arm', 5):.2f} |")
    print(f"| the controller as a Fargate task of 0.25 vCPU and 0.5 GB, x86_64 |"
          f" ${fargate('x86'):.2f} |")
    print(f"| the same, arm64 | ${fargate('arm'):.2f} |")
    print(f"| the ten custom metrics of one service (METRICS=emf) | ${10 * price('metric'):.2f} |")
    print("\n| price (us-east-1) | USD | as of | to be checked at |\n|---|---|---|---|")
    for amount, what, as_of, page in PRICES.values():
        print(f"| {what} | {amount:.10f}".rstrip("0").rstrip(".") +
              f" | {as_of} | aws.amazon.com/{page}/pricing |")


if __name__ == "__main__":
    main()
