"""What the measurements of whole programs share: certificates, the referee, counting, tables."""

import contextlib
import datetime
import json
import os
import pathlib
import platform
import re
import statistics
import subprocess
import tempfile

ROOT = pathlib.Path(__file__).resolve().parent.parent
PROGRAMS = pathlib.Path(os.environ.get("SCALER_RELEASE_BIN_DIR", ROOT / "build/release/bin"))
BOOTSTRAP = PROGRAMS / "bootstrap"
ECS_SCALER = PROGRAMS / "ecs-scaler"
REFEREE = PROGRAMS / "referee"

# The shape of the chains that AWS's endpoints send: an RSA-2048 leaf, one intermediate, one root.
CHAIN = """
openssl req -x509 -newkey rsa:2048 -nodes -keyout root.key -out root.pem -days 30 \
    -subj "/CN=Canned Root" -addext basicConstraints=critical,CA:TRUE
openssl req -newkey rsa:2048 -nodes -keyout between.key -out between.csr -subj "/CN=Canned M01"
openssl x509 -req -in between.csr -CA root.pem -CAkey root.key -CAcreateserial -out between.pem \
    -days 30 -extfile between.ext
openssl req -newkey rsa:2048 -nodes -keyout key.pem -out leaf.csr -subj "/CN=localhost"
openssl x509 -req -in leaf.csr -CA between.pem -CAkey between.key -CAcreateserial -out leaf.pem \
    -days 30 -extfile leaf.ext
cat leaf.pem between.pem > chain.pem
"""


class Failed(Exception):
    """A measurement that could not be made, or whose subject did the wrong thing."""


@contextlib.contextmanager
def certificates():
    """A folder with chain.pem, key.pem and root.pem, made anew."""
    with tempfile.TemporaryDirectory(prefix="scaler-bench-") as name:
        folder = pathlib.Path(name)
        (folder / "between.ext").write_text("basicConstraints=critical,CA:TRUE,pathlen:0\n")
        (folder / "leaf.ext").write_text("subjectAltName=DNS:localhost\n")
        subprocess.run(["bash", "-e"], input=CHAIN, text=True, cwd=folder, check=True,
                       capture_output=True)
        yield folder


def play(folder, command, **options):
    """One run of a runtime under the referee; its findings. Options are the referee's flags."""
    flags = []
    for name, value in options.items():
        flag = "--" + name.replace("_", "-")
        flags += [flag] if value is True else [flag, str(value)]
    output = folder / "runtime.log"
    result = subprocess.run([REFEREE, "--certificates", folder, "--output", output, *flags, "--",
                             *map(str, command)], capture_output=True, text=True, check=False)
    if result.returncode != 0:
        raise Failed(f"{result.stderr}{output.read_text(errors='replace')[-2000:]}")
    findings = json.loads(result.stdout)
    if findings["failures"] or findings["unsigned_calls"]:
        raise Failed(f"{command[0]}: {findings['failures']} failed invocations, "
                     f"{findings['unsigned_calls']} calls without a signature: "
                     f"{findings['answer']}")
    if findings["answer"] and json.loads(findings["answer"])["statusCode"] != 200:
        raise Failed(f"{command[0]} answered {findings['answer']}")
    return findings


def undisturbed(folder, command, **options):
    """play(), again where a busy machine was so slow that the runtime gave a connection up."""
    for _ in range(5):
        findings = play(folder, command, **options)
        if findings["connections"] == findings["handshakes"] <= 2:
            return findings
    raise Failed(f"{command[-1]} needed more than one connection to a service five times: "
                 "the machine is too busy to count on")


def instructions(folder, command, invocations, environment=()):
    """User-space instructions of a run up to the request for the event after `invocations`."""
    profile = folder / "callgrind.out"
    undisturbed(folder, ["/usr/bin/env", *environment, "/usr/bin/valgrind", "-q",
                         "--tool=callgrind", f"--callgrind-out-file={profile}", *command],
                invocations=invocations, timeout=300)
    return int(re.search(r"^(?:summary|totals): (\d+)", profile.read_text(), re.MULTILINE).group(1))


def system_calls(folder, command, invocations):
    """System calls from exec to the request for the first event, and from each to the next."""
    trace = folder / "strace.out"
    undisturbed(folder, ["/usr/bin/strace", "-f", "-qq", "-s", "48", "-e", "signal=none", "-o",
                         trace, *command], invocations=invocations, timeout=60)
    counts, count = [], 0
    for line in trace.read_text(errors="replace").splitlines():
        if "resumed>" in line or "+++" in line:
            continue
        count += 1
        if "GET /2018-06-01/runtime/invocation/n" in line:
            counts.append(count)
            count = 0
    return counts


def medians(runs):
    """One dictionary of the runs' medians, for all that is a number."""
    return {key: statistics.median(run[key] for run in runs)
            for key, value in runs[0].items() if isinstance(value, (int, float))}


def machine():
    """The machine in one line, for documents."""
    model = re.search(r"^model name\s*: (.*)$", pathlib.Path("/proc/cpuinfo").read_text(),
                      re.MULTILINE)
    system = re.search(r'^PRETTY_NAME="(.*)"$', pathlib.Path("/etc/os-release").read_text(),
                       re.MULTILINE).group(1)
    name = model.group(1) if model else platform.machine()
    return f"{os.cpu_count()} shared cores of {name}, {system}, kernel {platform.release()}"


def today():
    return datetime.datetime.now(datetime.UTC).date().isoformat()


def write_block(name, text):
    """Replaces what stands between the marks of that name in docs/performance.md."""
    path = ROOT / "docs/performance.md"
    begin, end = f"<!-- measured: {name} -->\n", "<!-- end of what was measured -->\n"
    before, mark, rest = path.read_text().partition(begin)
    _, end_mark, after = rest.partition(end)
    if not mark or not end_mark:
        raise Failed(f"{path} has no place for the measurement '{name}'")
    path.write_text(before + begin + text + end + after)


def table(header, rows):
    """A Markdown table; every column but the first is aligned to the right."""
    lines = [header, ["---"] + ["--:"] * (len(header) - 1), *rows]
    return "".join("| " + " | ".join(map(str, line)) + " |\n" for line in lines)
