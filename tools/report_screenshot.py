#!/usr/bin/env python3
"""Makes docs/report.png: the page of advise about a trace, with all rivals, in headless Chromium.

usage: report_screenshot.py [--program ecs-scaler]
"""

import argparse
import pathlib
import subprocess
import sys
import tempfile

from benchmark_traces import SERVICE, TRACES, read_trace, write_csv
from project_files import ROOT

PICTURE = ROOT / "docs/report.png"
WINDOW = "1180,2050"
BYTES_MAX = 400_000


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--program", default=ROOT / "build/release/bin/ecs-scaler")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)
        trace, page = folder / "elb_requests.csv", folder / "page.html"
        write_csv(trace, read_trace(TRACES / "elb_requests.txt"))
        subprocess.run(
            [arguments.program, "advise", "--trace", trace, "--policy", "target-tracking",
             "--compare", "--trials", "64", "--html", page, *SERVICE],
            stdout=subprocess.DEVNULL, check=True)
        subprocess.run(
            ["chromium", "--headless", "--no-sandbox", "--disable-gpu", "--hide-scrollbars",
             f"--user-data-dir={folder / 'profile'}", f"--window-size={WINDOW}",
             f"--screenshot={PICTURE}", page.as_uri()],
            stderr=subprocess.DEVNULL, check=True)
    if PICTURE.stat().st_size > BYTES_MAX:
        sys.exit(f"{PICTURE.name} has {PICTURE.stat().st_size} bytes, more than {BYTES_MAX}")
    print(f"{PICTURE.relative_to(ROOT)}: {PICTURE.stat().st_size} bytes")


if __name__ == "__main__":
    main()
