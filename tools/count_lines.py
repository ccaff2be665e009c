#!/usr/bin/env python3
"""Line coverage of folders, from gcovr's JSON: "src/scaler/core: 98.5 % of 412 lines", and the
lines that no test reached. A folder may carry the least share that is wanted ("src/wire=100"); the
exit code is 1 when one has less, or no lines at all.

usage: count_lines.py COVERAGE.json FOLDER[=PERCENT] ...
"""

import json
import pathlib
import sys


def lines_of(files, folder):
    """{(file, line): count} of everything below the folder."""
    return {(file["file"], line["line_number"]): line["count"]
            for file in files if file["file"].startswith(folder + "/")
            for line in file["lines"] if not line.get("gcovr/noncode", False)}


def main(path, *wanted):
    files = json.loads(pathlib.Path(path).read_text())["files"]
    code = 0
    for folder, _, least in (want.partition("=") for want in wanted):
        counts = lines_of(files, folder)
        missed = sorted(place for place, count in counts.items() if count == 0)
        share = 100 * (len(counts) - len(missed)) / len(counts) if counts else 0
        print(f"{folder}: {share:.1f} % of {len(counts)} lines")
        for file, line in missed:
            print(f"  {file}:{line}: not reached")
        if share < float(least or 0):
            print(f"{folder}: less than {least} %")
            code = 1
    return code


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
