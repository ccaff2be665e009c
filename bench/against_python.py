#!/usr/bin/env python3
"""bootstrap against the same algorithm in Python with boto3, in one run, in turns.

usage: ./dev bench against_python [--rounds N] [--document]
Both stand behind the same Runtime API and the same canned AWS over TLS 1.3, and both trust its
root through AWS_CA_BUNDLE. With --document the table also goes into docs/performance.md. Exit code
1 when a target is missed.
"""

import argparse
import contextlib
import dataclasses
import io
import os
import pathlib
import statistics
import sys
import zipfile

import lab

sys.path.append(str(lab.ROOT / "tools"))
import package  # noqa: E402  pylint: disable=wrong-import-position

PYTHON = [sys.executable, lab.ROOT / "bench/seed_with_boto3.py"]
BOOTSTRAP = [lab.BOOTSTRAP]
# ECS allows a burst of 100 DescribeServices and then 20 a second, to which bootstrap keeps.
PASSES = 81
# A Lambda function of 128 MB has 128/1769 of a processor.
PERIOD_US, QUOTA_US = 20_000, 1_430
BUNDLE = ("boto3", "botocore", "s3transfer", "jmespath", "urllib3", "dateutil", "six.py")


@dataclasses.dataclass(frozen=True)
class Row:
    name: str
    python: float
    bootstrap: float
    unit: str
    ratio_min: float = 0
    bootstrap_max: float = float("inf")

    @property
    def ratio(self):
        return self.python / self.bootstrap if self.bootstrap else float("inf")

    def meets(self):
        return self.ratio >= self.ratio_min and self.bootstrap <= self.bootstrap_max

    def target(self):
        ratio = [f"{self.ratio_min:g}x"] if self.ratio_min else []
        most = [] if self.bootstrap_max == float("inf") else [f"<= {self.bootstrap_max:g}"]
        return ", ".join(ratio + most) or "-"

    def cells(self):
        return [f"{self.name}, {self.unit}", figure(self.python), figure(self.bootstrap),
                f"{self.ratio:.1f}x" if self.ratio < 10 else f"{self.ratio:.0f}x", self.target(),
                "" if self.meets() else "missed"]


def figure(value):
    return f"{value:,.0f}" if value >= 1000 else f"{value:.3g}"


def in_turns(folder, rounds, play=lab.play, **options):
    """Medians of both, played in turns."""
    runs = {"python": [], "bootstrap": []}
    for _ in range(rounds):
        runs["python"].append(play(folder, PYTHON, **options))
        runs["bootstrap"].append(play(folder, BOOTSTRAP, **options))
    return lab.medians(runs["python"]), lab.medians(runs["bootstrap"])


def time_rows(folder, rounds):
    python, ours = in_turns(folder, rounds, invocations=PASSES)

    def row(name, key, scale, unit, **targets):
        return Row(name, python[key] / scale, ours[key] / scale, unit, **targets)

    return [
        Row("exec -> TLS ready (Python: clients made), wall", python["ready_wall_ns"] / 1e6,
            ours["first_connection_wall_ns"] / 1e6, "ms", ratio_min=70),
        row("exec -> first event asked for (ours: both handshakes done), wall", "ready_wall_ns",
            1e6, "ms"),
        row("exec -> first event asked for, CPU", "ready_cpu_ns", 1e6, "ms"),
        row("exec -> first answer, wall", "first_answer_wall_ns", 1e6, "ms"),
        row("exec -> first answer, CPU", "first_answer_cpu_ns", 1e6, "ms", ratio_min=38),
        row("first invocation after init, wall", "first_invocation_wall_ns", 1e6, "ms"),
        row("first invocation after init, CPU", "first_invocation_cpu_ns", 1e6, "ms"),
        row("warm pass, wall", "pass_wall_ns", 1e3, "us"),
        row("warm pass, CPU", "pass_cpu_ns", 1e3, "us", ratio_min=15),
        row("peak memory", "peak_memory_kib", 1024, "MiB", ratio_min=8, bootstrap_max=6.5),
    ]


def counted_rows(folder):
    warm = 10

    def count(command):
        ready, cold, more = (lab.instructions(folder, command, n) / 1e6 for n in (0, 1, 1 + warm))
        return ready, cold, (more - cold) / warm

    def calls(command):
        counts = lab.system_calls(folder, command, 1 + warm)
        return counts[0], counts[1], statistics.median(counts[2:])

    python, ours = count(PYTHON), count(BOOTSTRAP)
    python_calls, our_calls = calls(PYTHON), calls(BOOTSTRAP)
    return [
        Row("instructions until the first event is asked for", python[0], ours[0], "M"),
        Row("instructions until the first answer", python[1], ours[1], "M", ratio_min=35,
            bootstrap_max=1.1 * 26.9),
        Row("instructions of a warm pass", python[2], ours[2], "M", bootstrap_max=1.25 * 0.72),
        Row("system calls until the first event is asked for", python_calls[0], our_calls[0], "-"),
        Row("system calls of the first invocation", python_calls[1], our_calls[1], "-"),
        Row("system calls of a warm pass", python_calls[2], our_calls[2], "-", bootstrap_max=24),
    ]


def zip_size(paths):
    """With zlib's best compression."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED, compresslevel=9) as archive:
        for path in paths:
            for file in [path] if path.is_file() else sorted(path.rglob("*")):
                if file.is_file() and "__pycache__" not in file.parts:
                    archive.write(file, file.relative_to(path.parent))
    return len(buffer.getvalue()) / 1e6


def size_row(folder):
    packages = pathlib.Path(__import__("boto3").__file__).parent.parent
    bundle = [packages / name for name in BUNDLE]
    published = folder / "bootstrap.zip"
    package.write_zip(published, {"bootstrap": (lab.BOOTSTRAP.read_bytes(), 0o755)})
    return Row("zip (ours as `./dev package` makes it)", zip_size([*bundle, PYTHON[1]]),
               published.stat().st_size / 1e6, "MB", bootstrap_max=2.7)


@contextlib.contextmanager
def quota():
    """A cgroup with 7 % of a processor; None and the reason on stderr where there can be none."""
    v1, v2 = pathlib.Path("/sys/fs/cgroup/cpu"), pathlib.Path("/sys/fs/cgroup")
    group = (v1 if v1.is_dir() else v2) / f"scaler-bench-{os.getpid()}"
    try:
        group.mkdir()
        if v1.is_dir():
            (group / "cpu.cfs_period_us").write_text(str(PERIOD_US))
            (group / "cpu.cfs_quota_us").write_text(str(QUOTA_US))
        else:
            (group / "cpu.max").write_text(f"{QUOTA_US} {PERIOD_US}")
    except OSError as error:
        print(f"no rows with a CPU quota: {error}", file=sys.stderr)
        group = None
    try:
        yield group
    finally:
        if group is not None:
            group.rmdir()


def play_with_quota(folder, command, **options):
    """In a cgroup of its own: one that was exceeded before begins with a debt."""
    with quota() as group:
        return None if group is None else lab.play(folder, command, cgroup=group, **options)


def quota_rows(folder, rounds):
    if play_with_quota(folder, BOOTSTRAP) is None:
        return []
    python, ours = in_turns(folder, rounds, play_with_quota)
    throttled = Row("exec -> first answer with 7 % of a CPU from the start, wall",
                    python["first_answer_wall_ns"] / 1e6, ours["first_answer_wall_ns"] / 1e6, "ms",
                    ratio_min=45)
    python, ours = in_turns(folder, rounds, play_with_quota, cgroup_after_init=True)
    return [throttled,
            Row("first invocation with 7 % of a CPU after init, wall",
                python["first_invocation_wall_ns"] / 1e6, ours["first_invocation_wall_ns"] / 1e6,
                "ms", ratio_min=20)]


def main():
    parser = argparse.ArgumentParser(description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=11)
    parser.add_argument("--document", action="store_true")
    arguments = parser.parse_args()
    with lab.certificates() as folder:
        lab.play(folder, PYTHON)  # So that its bytecode is there.
        rows = time_rows(folder, arguments.rounds)
        rows += quota_rows(folder, max(3, arguments.rounds // 2))
        rows += [*counted_rows(folder), size_row(folder)]
    text = lab.table(["", "Python with boto3", "`bootstrap`", "ratio", "target", ""],
                     [row.cells() for row in rows])
    text += (f"\n`./dev bench against_python --document`, medians of {arguments.rounds} runs in "
             f"turns, {lab.machine()}, {lab.today()}.\n")
    print(text)
    if arguments.document:
        lab.write_block("against_python", text)
    missed = [row for row in rows if not row.meets()]
    for row in missed:
        print(f"missed: {row.name}: {row.target()}, is {figure(row.bootstrap)} {row.unit}, "
              f"{row.ratio:.1f}x", file=sys.stderr)
    return 1 if missed else 0


if __name__ == "__main__":
    sys.exit(main())
