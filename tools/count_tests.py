#!/usr/bin/env python3
"""Counts the tests of JUnit files: what failed and why, what was skipped and why, and as the last
line "312 passed, 0 failed, 1 skipped".

usage: count_tests.py FILE ...     Exit code 1 when a test failed, a file is missing or none passed.
"""

import collections
import pathlib
import sys
import xml.etree.ElementTree

OUTPUT_LINES = 60


def outcome(case):
    """("passed"|"failed"|"skipped", why it was skipped) of one test case of ctest or pytest."""
    if case.find("failure") is not None or case.find("error") is not None:
        return "failed", ""
    skipped = case.find("skipped")
    if case.get("status") == "fail":
        return "failed", ""
    if skipped is None and case.get("status") not in ("notrun", "disabled"):
        return "passed", ""
    reason = (skipped.get("message") if skipped is not None else "") or "no reason given"
    return "skipped", skip_reason(reason, case)


def skip_reason(reason, case):
    """GoogleTest writes its reason into the output; ctest only knows a pattern that matched."""
    if "SKIP_REGULAR_EXPRESSION" not in reason and reason != "SKIP_RETURN_CODE":
        return reason.strip()
    lines = [line.strip() for line in (case.findtext("system-out") or "").split("\n")]
    after = [index for index, line in enumerate(lines) if line.endswith(": Skipped")]
    return lines[after[0] + 1] if after and lines[after[0] + 1:] else reason


def print_output(case):
    """The end of what ctest kept of a failed test; pytest has shown its own."""
    lines = (case.findtext("system-out") or "").rstrip().split("\n")[-OUTPUT_LINES:]
    if case.get("status") == "fail" and lines != [""]:
        print("    " + "\n    ".join(lines))


def main(paths):
    counts, reasons, missing = collections.Counter(), set(), []
    for path in paths:
        if not pathlib.Path(path).is_file():
            missing.append(path)
            continue
        for case in xml.etree.ElementTree.parse(path).getroot().iter("testcase"):
            kind, reason = outcome(case)
            counts[kind] += 1
            if kind == "failed":
                print(f"failed: {case.get('classname')}: {case.get('name')}")
                print_output(case)
            if reason:
                reasons.add(reason)
    for path in missing:
        print(f"no results: {path}")
    for reason in sorted(reasons):
        print(f"skipped: {reason}")
    print(f"{counts['passed']} passed, {counts['failed']} failed, {counts['skipped']} skipped")
    return 1 if missing or counts["failed"] or not counts["passed"] else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
