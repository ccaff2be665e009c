#!/usr/bin/env python3
"""Compares each #include "wing/folder/..." with the DEPS of its folder; finds cycles, forbidden
edges between folders and between wings.

usage: check_layers.py [--root FOLDER] [--draw]     Exit code 1 on a complaint.
--draw prints which wing includes which, as docs/architecture.md shows it.
"""

import argparse
import collections
import dataclasses
import pathlib
import re
import sys

from project_files import ROOT

# What a wing's folders may include beside their own wing. Tests may look at more (TEST_DEPS).
WINGS = {
    "ground": set(),
    "scaler": {"ground"},
    "wire": {"ground", "scaler"},
    "watch": {"ground", "scaler", "wire"},
    "edge": {"ground", "scaler", "wire", "watch"},
    "lab": {"ground", "scaler", "wire"},
    "emulator": {"ground", "lab"},
    "guard": {"ground", "scaler", "edge"},
    "checkup": {"ground", "scaler", "wire", "edge"},
    "programs": {"ground", "scaler", "wire", "watch", "edge", "lab", "emulator", "guard",
                 "checkup"},
}
# (folders, what they must not depend on, why). "*" as a target is every folder but base.
FORBIDDEN = (
    ({"core"}, {"*"}, "the decision is pure: it must be possible to replay it"),
    ({"state", "pass", "fleet", "invocation", "controller", "world", "sim", "rivals"},
     {"json", "yaml", "net"}, "ports point inward, and a simulation opens no socket"),
    ({"lambda"}, {"core", "pass", "aws"}, "the runtime loop knows nothing of scaling"),
)
KEYWORDS = {"DEPS", "TEST_DEPS", "LINK", "HEADERS", "SOURCES", "TESTS"}
STATEMENT = re.compile(r"scaler_library\s*\(([^)]*)\)")
INCLUDE = re.compile(r'^\s*#\s*include "((?:[^"/]+/)+)[^"/]+"', re.MULTILINE)
PROGRAMS = "programs"


@dataclasses.dataclass(frozen=True)
class Folder:
    """A library: its name in DEPS lines, and its place below src."""
    name: str
    path: str
    dependencies: frozenset
    test_dependencies: frozenset

    @property
    def wing(self):
        return self.path.split("/", maxsplit=1)[0]

    @property
    def statement(self):
        return f"src/{self.path}/CMakeLists.txt"


def words_after(words, keyword):
    if keyword not in words:
        return []
    rest = words[words.index(keyword) + 1:]
    end = next((i for i, word in enumerate(rest) if word in KEYWORDS), len(rest))
    return rest[:end]


def read_folder(path, source):
    """The Folder of a place, or None when it has no such statement."""
    text = re.sub(r"#[^\n]*", "", (path / "CMakeLists.txt").read_text())
    found = STATEMENT.search(text)
    if found is None:
        return None
    words = found.group(1).split()
    return Folder(words[0], path.relative_to(source).as_posix(),
                  frozenset(words_after(words, "DEPS")), frozenset(words_after(words, "TEST_DEPS")))


def places(source):
    return sorted(path.parent for path in source.rglob("CMakeLists.txt") if path.parent != source)


def read_folders(source):
    """(name -> Folder, complaints). A program needs no statement, and may include everything."""
    folders, complaints = {}, []
    for place in places(source):
        folder = read_folder(place, source)
        if folder is None:
            name = place.relative_to(source).as_posix()
            if not name.startswith(f"{PROGRAMS}/"):
                complaints.append(f"src/{name}/CMakeLists.txt: no scaler_library() with DEPS")
        elif folder.name in folders:
            complaints.append(f"{folder.statement}: {folder.name} is also the name of "
                              f"src/{folders[folder.name].path}")
        else:
            folders[folder.name] = folder
    for folder in folders.values():
        for unknown in sorted((folder.dependencies | folder.test_dependencies) - set(folders)):
            complaints.append(f"{folder.statement}: DEPS names {unknown}, which is no folder")
    return folders, complaints


def is_test(path):
    return re.search(r"_test\.cc$|test_support\.|^fake_", path.name) is not None


def check_includes(source, folders):
    by_path = {folder.path: folder for folder in folders.values()}
    used = collections.defaultdict(set)
    for path in sorted(source.rglob("*")):
        if path.suffix not in (".h", ".cc"):
            continue
        name = path.relative_to(source.parent)
        at = path.relative_to(source).parent
        own = next((by_path[place.as_posix()] for place in (at, *at.parents)
                    if place.as_posix() in by_path), None)
        if own is None:
            continue
        allowed = own.dependencies | {own.name}
        if is_test(path):
            allowed |= own.test_dependencies
        for included in sorted(set(INCLUDE.findall(path.read_text(errors="replace")))):
            place = included.rstrip("/")
            while place and place not in by_path:
                place = place.rpartition("/")[0]
            if place:
                used[own.name].add(by_path[place].name)
                if by_path[place].name not in allowed:
                    yield f"{name}: includes {place}/, which DEPS in {own.statement} lacks"
            elif (source / included).is_dir():
                yield f"{name}: includes {included}, which has no CMakeLists.txt"
    for folder in folders.values():
        if folder.wing != PROGRAMS:
            for idle in sorted(folder.dependencies - used[folder.name] - {"base"}):
                yield f"{folder.statement}: DEPS lists {idle}, but no file includes it"


def check_forbidden(folders):
    for names, banned, reason in FORBIDDEN:
        for folder in (folders[name] for name in sorted(names & set(folders))):
            wrong = (folder.dependencies - {"base"} if "*" in banned
                     else folder.dependencies & banned)
            for target in sorted(wrong):
                yield f"{folder.statement}: {folder.name} must never depend on {target}: {reason}"


def check_wings(folders):
    for folder in folders.values():
        if folder.wing not in WINGS:
            yield f"{folder.statement}: {folder.wing} is no wing; there are {', '.join(WINGS)}"
            continue
        for target in sorted(folder.dependencies & set(folders)):
            wing = folders[target].wing
            if wing != folder.wing and wing not in WINGS[folder.wing]:
                yield (f"{folder.statement}: {folder.wing} must never include {wing}, but "
                       f"{folder.name} lists {target}")


def check_cycles(folders):
    """Takes away folders whose dependencies are all gone; what stays is in or above a cycle."""
    left = {name: (set(folder.dependencies) & set(folders)) - {name}
            for name, folder in folders.items()}
    while True:
        free = {name for name, dependencies in left.items() if not dependencies & set(left)}
        if not free:
            break
        left = {name: dependencies for name, dependencies in left.items() if name not in free}
    if left:
        yield "a cycle among: " + ", ".join(sorted(left))


def check_own_headers(source):
    """A header stands alone when its own source includes it first; the build parses the others."""
    for path in sorted(source.rglob("*.cc")):
        header = path.with_suffix(".h").relative_to(source).as_posix()
        first = re.search(r'^#include (["<][^">]+[">])', path.read_text(errors="replace"),
                          re.MULTILINE)
        if (source / header).is_file() and (first is None or first.group(1) != f'"{header}"'):
            yield f"{path.relative_to(source.parent)}: does not include {header} first"


def check(source):
    folders, complaints = read_folders(source)
    complaints += check_includes(source, folders)
    complaints += check_forbidden(folders)
    complaints += check_wings(folders)
    complaints += check_cycles(folders)
    complaints += check_own_headers(source)
    return complaints


def draw(source):
    """One line a wing: what it holds, and which wings it includes."""
    folders, _ = read_folders(source)
    lines = []
    for wing in WINGS:
        inside = [folder for folder in folders.values() if folder.wing == wing]
        targets = {folders[name].wing for folder in inside for name in folder.dependencies}
        known = ", ".join(target for target in WINGS if target in targets - {wing}) or "nothing"
        held = " ".join(sorted(folder.path.partition("/")[2] for folder in inside)).strip()
        lines.append(f"{wing:<9} -> {known:<46} {held}".rstrip())
    return "\n".join(lines) + "\n"


def main():
    parser = argparse.ArgumentParser(description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--root", type=pathlib.Path, default=ROOT)
    parser.add_argument("--draw", action="store_true")
    arguments = parser.parse_args()
    source = arguments.root.resolve() / "src"
    if arguments.draw:
        print(draw(source), end="")
        return 0
    complaints = check(source)
    for complaint in complaints:
        print(complaint)
    if complaints:
        print(f"layers: {len(complaints)} complaints", file=sys.stderr)
    return 1 if complaints else 0


if __name__ == "__main__":
    sys.exit(main())
