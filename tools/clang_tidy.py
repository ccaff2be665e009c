#!/usr/bin/env python3
"""Runs clang-tidy over the compile commands of a build folder; files that were clean are skipped.

usage: clang_tidy.py BUILD_FOLDER [PATH_PART ...]     with parts: only files whose path has one
A file counts as clean as long as neither it, nor a project header that it includes, nor its compile
command, nor .clang-tidy, nor clang-tidy itself has changed. Exit code 1 on a complaint.
"""

import argparse
import concurrent.futures
import hashlib
import json
import os
import pathlib
import re
import subprocess
import sys

from project_files import ROOT

CLANG_TIDY = "clang-tidy-19"
INCLUDE = re.compile(rb'^\s*#\s*include\s*"([^"]+)"', re.MULTILINE)


def included_files(path, seen):
    """`path` and the project's headers that it reaches; external headers do not count."""
    if path in seen:
        return seen
    seen.add(path)
    for name in INCLUDE.findall(path.read_bytes()):
        for folder in (ROOT / "src", ROOT / "tests", path.parent):
            candidate = folder / name.decode()
            if candidate.is_file():
                included_files(candidate, seen)
                break
    return seen


def fingerprint(entry, common):
    digest = hashlib.sha256(common + entry["command"].encode())
    for path in sorted(included_files(pathlib.Path(entry["file"]), set())):
        digest.update(str(path).encode() + b"\0" + path.read_bytes())
    return digest.hexdigest()


def entries_of(build, parts):
    """One compile command per source of the project; generated files are not ours to tidy."""
    entries = {}
    for entry in json.loads((build / "compile_commands.json").read_text()):
        path = pathlib.Path(entry["file"])
        name = path.relative_to(ROOT).as_posix() if ROOT in path.parents else ""
        wanted = not parts or any(part in name for part in parts)
        if name and wanted and build not in path.parents:
            entries.setdefault(name, entry)
    return entries


def run_one(build, entry):
    result = subprocess.run([CLANG_TIDY, "-p", str(build), "--quiet", entry["file"]],
                            capture_output=True, text=True, check=False)
    noise = re.compile(r"^\d+ warnings? generated\.$|^Suppressed \d+ warnings|^Use -header-filter")
    errors = "\n".join(line for line in result.stderr.split("\n") if not noise.match(line)).strip()
    return result.returncode, (result.stdout + errors).strip()


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("build", type=pathlib.Path)
    parser.add_argument("parts", nargs="*")
    arguments = parser.parse_args()
    build = arguments.build.resolve()
    version = subprocess.run([CLANG_TIDY, "--version"], capture_output=True, check=True).stdout
    common = version + (ROOT / ".clang-tidy").read_bytes()
    stamps = build / "clean"
    stamps.mkdir(exist_ok=True)
    entries = entries_of(build, arguments.parts)
    prints = {name: fingerprint(entry, common) for name, entry in entries.items()}
    todo = [name for name in entries if not (stamps / prints[name]).exists()]
    print(f"{len(todo)} of {len(entries)} files to look at", flush=True)
    failed = 0
    with concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
        jobs = {pool.submit(run_one, build, entries[name]): name for name in todo}
        for job in concurrent.futures.as_completed(jobs):
            name = jobs[job]
            code, output = job.result()
            if code == 0:
                (stamps / prints[name]).touch()
            else:
                failed += 1
                print(f"{name}\n{output}\n", flush=True)
    if failed:
        print(f"clang-tidy: {failed} files with complaints", file=sys.stderr)
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
