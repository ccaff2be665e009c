#!/usr/bin/env python3
"""Compares each #include "folder/..." with the DEPS of its folder; finds cycles, forbidden edges.

usage: check_layers.py [--root FOLDER]     Exit code 1 on a complaint.
"""

import argparse
import pathlib
import re
import sys

from project_files import ROOT

# "*" stands for every folder, and as a target for every folder but base.
FORBIDDEN = (
    # (folder, what it must not depend on, why)
    ("core", {"*"}, "the decision is pure: it must be possible to replay it"),
    ("sim", {"json", "net", "aws"}, "a simulation that opens a socket is not deterministic"),
    ("emulator", {"aws"}, "client and server that share an encoder share its mistakes"),
    ("aws", {"emulator", "world"}, "client and server that share an encoder share its mistakes"),
    ("pass", {"aws", "net", "json"}, "ports point inward"),
    ("controller", {"aws", "net"}, "ports point inward"),
    ("lambda", {"core", "pass", "aws"}, "the runtime loop knows nothing of scaling"),
    ("*", {"cli", "bootstrap"}, "nothing includes the programs"),
)
PROGRAMS = {"cli", "bootstrap"}
KEYWORDS = {"DEPS", "TEST_DEPS", "LINK", "HEADERS", "SOURCES", "TESTS"}
STATEMENT = re.compile(r"scaler_library\s*\(([^)]*)\)")
INCLUDE = re.compile(r'^\s*#\s*include "([^"/]+)/[^"]+"', re.MULTILINE)


def statement(folder):
    """Where a folder says what it depends on."""
    return f"src/{folder}/CMakeLists.txt"


def words_after(words, keyword):
    if keyword not in words:
        return []
    rest = words[words.index(keyword) + 1:]
    end = next((i for i, word in enumerate(rest) if word in KEYWORDS), len(rest))
    return rest[:end]


def read_folder(folder):
    """(DEPS, TEST_DEPS) of a folder, or None when it has no such statement."""
    text = re.sub(r"#[^\n]*", "", (folder / "CMakeLists.txt").read_text())
    found = STATEMENT.search(text)
    if found is None:
        return None
    words = found.group(1).split()
    return set(words_after(words, "DEPS")), set(words_after(words, "TEST_DEPS"))


def read_layers(source):
    """Folder -> (DEPS, TEST_DEPS). A program without a statement may include everything."""
    layers, complaints = {}, []
    folders = sorted(path for path in source.iterdir() if (path / "CMakeLists.txt").is_file())
    for folder in folders:
        dependencies = read_folder(folder)
        if dependencies is None and folder.name not in PROGRAMS:
            complaints.append(f"{statement(folder.name)}: no scaler_library() with DEPS")
        layers[folder.name] = dependencies or ({path.name for path in folders} - PROGRAMS, set())
    for folder, (dependencies, extra) in layers.items():
        for unknown in sorted((dependencies | extra) - set(layers)):
            complaints.append(f"{statement(folder)}: DEPS names {unknown}, which is no folder")
    return layers, complaints


def is_test(path):
    return path.name.endswith("_test.cc") or path.name.startswith("test_support.")


def check_includes(source, layers):
    used = {folder: set() for folder in layers}
    for path in sorted(source.rglob("*")):
        if path.suffix not in (".h", ".cc"):
            continue
        name = path.relative_to(source.parent)
        folder = name.parts[1]
        if folder not in layers:
            continue
        dependencies, extra = layers[folder]
        allowed = dependencies | {folder} | (extra if is_test(path) else set())
        for included in sorted(set(INCLUDE.findall(path.read_text(errors="replace")))):
            used[folder].add(included)
            if included not in layers:
                if (source / included).is_dir():
                    yield f"{name}: includes {included}/, which has no CMakeLists.txt"
            elif included not in allowed:
                yield f"{name}: includes {included}/, which DEPS in {statement(folder)} lacks"
    for folder in sorted(set(layers) - PROGRAMS):
        for idle in sorted(layers[folder][0] - used[folder] - {"base"}):
            yield f"{statement(folder)}: DEPS lists {idle}, but no file includes it"


def check_forbidden(layers):
    for who, banned, reason in FORBIDDEN:
        for folder, (dependencies, _) in layers.items():
            if who not in ("*", folder):
                continue
            wrong = dependencies - {"base"} if "*" in banned else dependencies & banned
            for target in sorted(wrong - {folder}):
                yield f"{statement(folder)}: {folder} must never depend on {target}: {reason}"


def check_cycles(layers):
    """Takes away folders whose dependencies are all gone; what stays is in or above a cycle."""
    left = {folder: (dependencies & set(layers)) - {folder}
            for folder, (dependencies, _) in layers.items()}
    while True:
        free = {folder for folder, dependencies in left.items() if not dependencies & set(left)}
        if not free:
            break
        left = {folder: dependencies for folder, dependencies in left.items() if folder not in free}
    if left:
        yield "a cycle among: " + ", ".join(sorted(left))


def check(source):
    layers, complaints = read_layers(source)
    complaints += check_includes(source, layers)
    complaints += check_forbidden(layers)
    complaints += check_cycles(layers)
    return complaints


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--root", type=pathlib.Path, default=ROOT)
    complaints = check(parser.parse_args().root.resolve() / "src")
    for complaint in complaints:
        print(complaint)
    if complaints:
        print(f"layers: {len(complaints)} complaints", file=sys.stderr)
    return 1 if complaints else 0


if __name__ == "__main__":
    sys.exit(main())
