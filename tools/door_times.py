#!/usr/bin/env python3
"""How long the ways in take: from a clone to the first demo, from the README to a deployment, from
a CSV to advice. The table of the README.

usage: door_times.py [clone] [deploy] [advice] [--build FOLDER] [--write]

Without a name: deploy and advice, which take the release programs of --build (build/release). clone
builds everything anew, without ccache, which takes many minutes. With --write the rows that were
measured are replaced in README.md.
"""

import argparse
import contextlib
import datetime
import os
import pathlib
import platform
import re
import resource
import shutil
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request

from benchmark_traces import TRACES, read_trace, write_csv
from project_files import ROOT

BEGIN, END = "<!-- door: begin -->", "<!-- door: end -->"
WAYS = {"clone": "from a clone to the first line of the demo",
        "deploy": "from the built programs to a deployed function (osls, into moto)",
        "advice": "from a CSV of 14 days to advice"}
KEYS = {"AWS_ACCESS_KEY_ID": "test", "AWS_SECRET_ACCESS_KEY": "test", "AWS_REGION": "us-east-1",
        "AWS_DEFAULT_REGION": "us-east-1"}
TOOLS = pathlib.Path(sys.prefix) if sys.prefix != sys.base_prefix else ROOT / ".venv"


def clone(folder, _build):
    """git clone, ./dev demo: until the queue of the demo has its first messages."""
    subprocess.run(["git", "clone", "--quiet", ROOT, folder / "clone"], check=True)
    environment = {**os.environ, "CCACHE_DISABLE": "1"}
    process = subprocess.Popen(["./dev", "demo"], cwd=folder / "clone", env=environment, text=True,
                               stdout=subprocess.PIPE)
    if not any("messages sent" in line for line in process.stdout):
        sys.exit(f"./dev demo ended with {process.wait()} before its first line")
    seen = time.monotonic()
    process.stdout.read()
    process.wait()
    return seen


@contextlib.contextmanager
def moto(folder):
    """A moto server on loopback that answers: its endpoint."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    with open(folder / "moto.log", "wb") as log:
        server = subprocess.Popen([TOOLS / "bin/moto_server", "-H", "127.0.0.1", "-p", str(port)],
                                  stdout=log, stderr=log)
    try:
        endpoint = f"http://127.0.0.1:{port}"
        while server.poll() is None and not answers(endpoint):
            time.sleep(0.1)
        yield endpoint
    finally:
        server.terminate()
        server.wait()


def answers(endpoint):
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    try:
        opener.open(f"{endpoint}/moto-api/", timeout=2).close()
    except OSError:
        return False
    return True


def deploy(folder, build):
    """What ./dev package does with the built programs, osls deploy, and a look at the function."""
    osls, = TOOLS.glob("osls-*/node_modules/.bin/osls")
    shutil.copytree(ROOT / "deploy", folder / "deploy")
    version = re.search(r"VERSION ([\d.]+)", (ROOT / "CMakeLists.txt").read_text())[1]
    with moto(folder) as endpoint:
        begin = time.monotonic()
        subprocess.run([sys.executable, ROOT / "tools/package.py", "--version", version, "--out",
                        folder / "dist", f"x86_64={build}"], check=True, capture_output=True)
        environment = {"PATH": os.environ["PATH"], "HOME": str(folder), "CI": "1", **KEYS,
                       "AWS_ENDPOINT_URL": endpoint}
        subprocess.run([osls, "deploy", "--param=cluster=main", "--param=service=worker",
                        "--param=queue=jobs"], cwd=folder / "deploy/serverless", env=environment,
                       check=True, capture_output=True)
        subprocess.run([TOOLS / "bin/aws", "lambda", "get-function-configuration",
                        "--function-name", "serverless-ecs-scaler-dev-scaler"],
                       env=environment, check=True, capture_output=True)
        return begin


def advice(folder, build):
    """ecs-scaler advise with its page, on a trace of bench/traces."""
    write_csv(folder / "sent.csv", read_trace(TRACES / "elb_requests.txt"))
    begin = time.monotonic()
    subprocess.run([build / "bin/ecs-scaler", "advise", "--trace", folder / "sent.csv", "--html",
                    folder / "advice.html"], check=True, capture_output=True)
    return begin


def cpu_seconds():
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def measure(name, build):
    """The row of the table. `clone` tells when it was over, the others when they began."""
    with tempfile.TemporaryDirectory(prefix="scaler-door-") as scratch:
        before, cpu = time.monotonic(), cpu_seconds()
        mark = globals()[name](pathlib.Path(scratch), build)
        seconds = mark - before if name == "clone" else time.monotonic() - mark
    return (f"| {WAYS[name]} | {seconds:.0f} s, {cpu_seconds() - cpu:.0f} s of CPU "
            f"| `python3 tools/door_times.py {name}` | {machine()} |")


def machine():
    system = re.search(r'^PRETTY_NAME="(.*?)"$', pathlib.Path("/etc/os-release").read_text(), re.M)
    today = datetime.datetime.now(datetime.UTC).date().isoformat()
    return f"{os.cpu_count()} shared {platform.machine()} cores, {system[1]}, {today}"


def replaced(document, rows):
    """The document with these rows in place of those of the same way in."""
    begin, end = document.index(BEGIN), document.index(END)
    table = document[begin:end]
    for row in rows:
        label = row.split("|")[1]
        table, count = re.subn(rf"^\|{re.escape(label)}\|.*$", lambda _: row, table, flags=re.M)
        if count != 1:
            raise ValueError(f"the table has no row of{label}")
    return document[:begin] + table + document[end:]


def main():
    parser = argparse.ArgumentParser(description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("ways", nargs="*", choices=[[], *WAYS], metavar="WAY")
    parser.add_argument("--build", type=pathlib.Path, default=ROOT / "build/release")
    parser.add_argument("--write", action="store_true")
    arguments = parser.parse_args()
    ways = arguments.ways or ["deploy", "advice"]
    rows = [measure(way, arguments.build.resolve()) for way in ways]
    print("\n".join(rows))
    if arguments.write:
        readme = ROOT / "README.md"
        readme.write_text(replaced(readme.read_text(), rows))


if __name__ == "__main__":
    main()
