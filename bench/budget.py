#!/usr/bin/env python3
"""What repeats exactly must not grow: instructions, system calls and size of `bootstrap`.

usage: ./dev bench budget [--record]
Compares with bench/budget.json and exits with 1 when a figure has grown by more than 5 % (of system
calls, by more than 2); --record renews the file. Where compiler or libraries are not those of the
record nothing can be compared: it says so and exits with 77.
"""

import argparse
import json
import pathlib
import platform
import subprocess
import sys

import lab

RECORD = pathlib.Path(__file__).with_name("budget.json")
GROWTH = 0.05
SKIPPED = 77
WARM = 40
PACKAGES = ("g++-12", "libssl-dev", "libc6-dev", "libboost1.81-dev", "libfmt-dev", "valgrind")
# OpenSSL and glibc choose their code by the processor. All of it that is newer than AES-NI and SSE4
# is switched off, so that processors of all ages count the same instructions.
OLD_PROCESSOR = (
    "OPENSSL_ia32cap=~0x5440180000000000:0",
    "GLIBC_TUNABLES=glibc.cpu.hwcaps=-AVX,-AVX2,-AVX2_Usable,-AVX_Fast_Unaligned_Load,-ERMS,-FSRM,"
    "-BMI1,-BMI2,-LZCNT,-MOVBE,-FMA,-RTM:glibc.cpu.x86_rep_movsb_threshold=1073741824:"
    "glibc.cpu.x86_rep_stosb_threshold=1073741824",
)


def versions():
    """What decides the figures beside the sources."""
    def ask(*command):
        return subprocess.run(command, capture_output=True, text=True, check=False).stdout.strip()

    # The packages of this architecture: those for cross-compiling may lie beside them.
    native = ask("dpkg", "--print-architecture")
    return {"machine": platform.machine()} | {
        package: ask("dpkg-query", "-W", "-f", "${Version}", f"{package}:{native}")
        or "not installed" for package in PACKAGES}


def measure(folder):
    bootstrap = [lab.BOOTSTRAP]
    ready, cold, warm = (lab.instructions(folder, bootstrap, count, OLD_PROCESSOR)
                         for count in (0, 1, 1 + WARM))
    # How often it waits depends on how the replies come in: the least is what it needs.
    calls = [lab.system_calls(folder, bootstrap, 1 + WARM) for _ in range(3)]
    return {
        "instructions until the first event is asked for": ready,
        "instructions until the first answer": cold,
        "instructions of a warm pass": round((warm - cold) / WARM),
        "system calls until the first event is asked for": min(run[0] for run in calls),
        "system calls of a warm pass": min(min(run[2:]) for run in calls),
        "stripped size in bytes": lab.BOOTSTRAP.stat().st_size,
    }


def differences(recorded, found):
    return [f"{name} {found.get(name)} (recorded: {version})"
            for name, version in recorded.items() if found.get(name) != version]


def compare(recorded, figures):
    """The rows of a table, and whether all figures are within the budget."""
    rows, good = [], True
    for name, before in recorded.items():
        # A busy machine brings replies in more pieces.
        room = max(before * GROWTH, 2 if name.startswith("system calls") else 0)
        within = figures[name] - before <= room
        good = good and within
        change = f"{figures[name] / before - 1:+.1%}"
        rows.append([name, f"{before:,}", f"{figures[name]:,}", change,
                     "" if within else f"over {room:,.0f}"])
    return rows, good


def main():
    parser = argparse.ArgumentParser(description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--record", action="store_true")
    record = parser.parse_args().record
    recorded = json.loads(RECORD.read_text()) if RECORD.exists() else {}
    others = differences(recorded.get("versions", {}), versions())
    if not recorded and not record:
        print("nothing is recorded yet: ./dev bench --record")
        return SKIPPED
    if others and not record:
        print("nothing to compare with: " + ", ".join(others))
        return SKIPPED
    with lab.certificates() as folder:
        figures = measure(folder)
    rows, good = compare(recorded.get("figures", figures), figures)
    print(lab.table(["bootstrap", "recorded", "now", "change", ""], rows))
    if record:
        RECORD.write_text(json.dumps({"recorded": lab.today(), "versions": versions(),
                                      "figures": figures}, indent=2) + "\n")
        return 0
    if not good:
        print("If this is meant, renew the record: ./dev bench --record", file=sys.stderr)
    return 0 if good else 1


if __name__ == "__main__":
    sys.exit(main())
