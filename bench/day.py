#!/usr/bin/env python3
"""A day of ticks, one every ten seconds, in one process: memory stays flat and no file stays open.

usage: ./dev bench day [--passes N] [--document]
Twenty-four times AWS closes its idle connections, as it does with those of a sandbox that was
frozen; the pass after it must open new ones, resume the TLS session, and succeed. Exit code 1
otherwise.
"""

import argparse
import sys

import lab

TICKS = 8640
CLOSES = 24
GROWTH_MAX_KIB = 64


def problems(day, closes):
    """What is wrong with the findings of a day; nothing when all is well."""
    first, last = day["samples"][0], day["samples"][-1]
    if last["resident_kib"] - first["resident_kib"] > GROWTH_MAX_KIB:
        yield f"memory grew from {first['resident_kib']} to {last['resident_kib']} KiB"
    if len({sample["open_files"] for sample in day["samples"]}) != 1:
        yield f"open files vary: {[sample['open_files'] for sample in day['samples']]}"
    if day["connections"] != 2 * (1 + closes):
        yield f"{day['connections']} connections for two origins and {closes} closings"
    if day["resumed"] != 2 * closes:
        yield f"{day['resumed']} of {2 * closes} reopened connections resumed their TLS session"


def main():
    parser = argparse.ArgumentParser(description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--passes", type=int, default=TICKS)
    parser.add_argument("--document", action="store_true")
    arguments = parser.parse_args()
    every = max(arguments.passes // CLOSES, 1)
    closes = (arguments.passes - 1) // every
    with lab.certificates() as folder:
        day = lab.play(folder, [lab.BOOTSTRAP], invocations=arguments.passes, close_every=every,
                       sample_every=max(arguments.passes // 8, 1))
    text = lab.table(["passes", "resident, KiB", "open files"],
                     [[f"{sample['invocation']:,}", f"{sample['resident_kib']:,}",
                       sample["open_files"]] for sample in day["samples"]])
    text += (f"\n{day['connections']} connections, {day['resumed']} of them resumed a TLS session; "
             f"{day['pass_cpu_ns'] / 1000:.0f} us of CPU a pass; no failed pass. `./dev bench day "
             f"--document`, {lab.machine()}, {lab.today()}.\n")
    print(text)
    if arguments.document:
        lab.write_block("day", text)
    found = list(problems(day, closes))
    for problem in found:
        print("day: " + problem, file=sys.stderr)
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
