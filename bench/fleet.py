#!/usr/bin/env python3
"""A large fleet under the controller's own code: what it costs at rest, and how late it is.

usage: fleet.py [--services N ...] [--woken N] [--document]

Runs bench/fleet.cc (`fleet woken N WOKEN`), three and a half minutes a size, and prints the table;
--document writes it into docs/performance.md. Exit code 1 when one that was woken was not scaled.
"""

import argparse
import json
import subprocess
import sys

import lab

FLEET = lab.ROOT / "build/bench/bin/fleet"


def rows(sizes, woken):
    found = [json.loads(subprocess.run([FLEET, "woken", str(size), str(woken)], check=True,
                                       capture_output=True, text=True).stdout) for size in sizes]

    def row(title, text):
        return [title, *(text.format(**one) for one in found)]

    yield row("the first pass, which describes all, s", "{first_pass_seconds:.1f}")
    yield row("a pass at rest, every 10 s: s", "{pass_seconds:.2f}")
    yield row("its processor time, s", "{pass_processor_seconds:.2f}")
    yield row("GetQueueAttributes a second", "{queue_reads_a_second:,.0f}")
    yield row("share of DescribeServices' documented rate", "{describe_rate_used:.0%}")
    yield row(f"{woken} woken at once: scaled", "{scaled:,}")
    yield row("message to UpdateService, p50, p99, the last, s",
              "{p50_seconds:.1f}, {p99_seconds:.1f}, {last_seconds:.1f}")
    yield row("share of UpdateService's documented rate", "{update_rate_used:.0%}")
    yield row("the longest pass meanwhile; each reads all queues, s", "{longest_pass_seconds:.1f}")
    yield row("most memory, the AWS in the same process included, MB", "{memory_mb:.0f}")
    if any(one["scaled"] != woken for one in found):
        sys.exit(f"fleet: not all were scaled: {found}")


def main():
    parser = argparse.ArgumentParser(description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--services", type=int, nargs="+", default=[1000, 10000])
    parser.add_argument("--woken", type=int, default=500)
    parser.add_argument("--document", action="store_true")
    arguments = parser.parse_args()
    table = lab.table(["services", *(f"{size:,}" for size in arguments.services)],
                      list(rows(arguments.services, arguments.woken)))
    text = (f"{table}\n`./dev bench fleet --document`, a call takes 5 to 20 ms; {lab.machine()}, "
            f"{lab.today()}.\n")
    print(text)
    if arguments.document:
        lab.write_block("fleet", text)


if __name__ == "__main__":
    main()
