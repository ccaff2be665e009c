#!/usr/bin/env python3
"""Mutation check: changes operators, conditions and statements of folders of src one at a time, and
tells which changes no unit test notices. All mutants are in one program, behind a number.

usage: mutants.py [flags] [FOLDER ...]     without folders: core, pass, invocation if it is there
Exit code 1 when more than 5 % survive without being named in tests/mutants/equivalent.txt, with
--sample when any does, and when an entry of that file is stale.
"""

import argparse
import collections
import concurrent.futures
import dataclasses
import hashlib
import json
import os
import pathlib
import shutil
import subprocess
import sys
import time

import mutate
from check_layers import is_test, read_folders, words_after
from project_files import ROOT

BUILD = ROOT / "build/mutants"
EQUIVALENT = ROOT / "tests/mutants/equivalent.txt"
COPIED = ("CMakeLists.txt", "cmake", "src", "tests", "bench")
MUTATED = ("core", "pass", "invocation")  # unless others are asked for
# Their unit tests are asked, those of the mutant's own folder first.
TESTED = ("core", "pass", "invocation", "state", "controller", "handler")
WORKERS = 2
SURVIVORS_PERCENT = 5
FLAGS = "-O1 -w -D_GLIBCXX_ASSERTIONS"
REACHED = 1  # as in tests/mutants/mutants.h
SLOW = 0.05  # seconds of a test
SLOW_PART = 0.2
DOCUMENT = ("policy", "state", "observation")  # the fields of what `decide` reads
MEMORY = 2 << 30  # bytes of address space: a mutant that never stops to allocate


class Wrong(Exception):
    """What ends the program with one line."""


# --- the mutants ------------------------------------------------------------------------------


def chosen_folders(asked, source=ROOT / "src"):
    """The places below src of the folders that DEPS lines call so."""
    known, _ = read_folders(source)
    names = asked or [name for name in MUTATED if name in known]
    missing = [name for name in names if name not in known]
    if missing:
        raise Wrong(f"no folder of src: {', '.join(missing)}")
    return [known[name].path for name in names]


def mutate_folders(folders, root=ROOT):
    """(all mutants, path from the root -> mutated text) of the sources of these folders."""
    mutants, texts = [], {}
    for folder in folders:
        for path in sorted((root / "src" / folder).rglob("*")):
            if path.suffix not in (".cc", ".h") or is_test(path):
                continue
            name = path.relative_to(root).as_posix()
            found, text = mutate.mutate(name, path.read_text(), len(mutants) + 1)
            mutants += found
            if found:
                texts[name] = text
    return mutants, texts


def sample(mutants, count):
    """Always the same ones, as long as they are there: it goes by what they are, not where."""
    def rank(mutant):
        return hashlib.sha256(mutant.identity.encode()).digest()

    return sorted(sorted(mutants, key=rank)[:count], key=lambda mutant: mutant.number)


def read_equivalent(text):
    """Identity -> why the program is equivalent, out of lines and the indented lines below them."""
    entries, identity = {}, None
    for number, line in enumerate(text.splitlines(), 1):
        if not line.strip() or line.startswith("#"):
            continue
        if line.startswith(" "):
            if identity is None:
                raise Wrong(f"{EQUIVALENT.name}:{number}: a reason without a mutant")
            entries[identity] = f"{entries[identity]} {line.strip()}".strip()
            continue
        identity = line.strip()
        if identity in entries:
            raise Wrong(f"{EQUIVALENT.name}:{number}: named twice")
        entries[identity] = ""
    for identity, reason in entries.items():
        if not reason:
            raise Wrong(f"{EQUIVALENT.name}: no reason is given for {identity}")
    return entries


def unknown_entries(entries, mutants, folders):
    """Those of these folders that name no mutant."""
    known = {mutant.identity for mutant in mutants}
    prefixes = tuple(f"src/{folder}/" for folder in folders)
    return [identity for identity in entries
            if identity.startswith(prefixes) and identity not in known]


# --- the program ------------------------------------------------------------------------------


def write_if_changed(path, content):
    if not path.is_file() or path.read_bytes() != content:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)


def write_project(folder, texts):
    """A copy of the project with the mutated files in place of the others. What is unchanged keeps
    its time, so that it is not compiled again.
    """
    wanted = {folder / "src/mutants/mutants.h": ROOT / "tests/mutants/mutants.h"}
    for name in COPIED:
        path = ROOT / name
        files = [path] if path.is_file() else path.rglob("*")
        wanted |= {folder / file.relative_to(ROOT): file for file in files
                   if file.is_file() and "__pycache__" not in file.parts}
    for stale in [path for path in folder.rglob("*") if path.is_file() and path not in wanted]:
        stale.unlink()
    for copy, file in wanted.items():
        text = texts.get(copy.relative_to(folder).as_posix())
        write_if_changed(copy, file.read_bytes() if text is None else text.encode())


def test_programs(source=ROOT / "src"):
    """The folders of TESTED that have unit tests."""
    known, _ = read_folders(source)

    def tests(folder):
        text = (source / folder.path / "CMakeLists.txt").read_text()
        return words_after(text.replace(")", " ").split(), "TESTS")

    return [name for name in TESTED if name in known and tests(known[name])]


def build(texts, programs):
    project, binaries = BUILD / "project", BUILD / "build"
    write_project(project, texts)
    launcher = ["-DCMAKE_CXX_COMPILER_LAUNCHER=ccache"] if shutil.which("ccache") else []
    log = BUILD / "build.log"
    with open(log, "w") as output:
        for command in (["cmake", "-G", "Ninja", "-S", project, "-B", binaries,
                         f"-DCMAKE_CXX_FLAGS={FLAGS}", *launcher],
                        ["cmake", "--build", binaries, "-j", str(WORKERS), "--target",
                         *(program.path.name for program in programs)]):
            if subprocess.run(command, stdout=output, stderr=output, check=False).returncode:
                tail = "\n".join(log.read_text(errors="replace").splitlines()[-40:])
                raise Wrong(f"the mutants do not compile; the end of {log}:\n{tail}")


# --- running ----------------------------------------------------------------------------------


@dataclasses.dataclass
class Part:
    """Some tests of a program: how long they take without a mutant, and what they reach."""
    filter: str
    seconds: float
    reached: set = dataclasses.field(default_factory=set)


@dataclasses.dataclass
class Program:
    """A test program: its quick and its slow tests."""
    name: str
    path: pathlib.Path
    parts: list = dataclasses.field(default_factory=list)
    impossible: set = dataclasses.field(default_factory=set)

    def ended(self, arguments=(), mutant=None, part=None, given=""):
        """The ended program; None when it takes five times as long as it should. What counts is the
        processor's time, as the machine may be busy. Without a mutant it takes what it takes, and
        notes what it reaches.
        """
        environment = {"SCALER_MUTANTS_SEEN": str(BUILD / f"{self.name}.seen")}
        limits, patience = [], None
        if mutant is not None:
            environment, patience = {"SCALER_MUTANT": str(mutant)}, max(30, 30 * part.seconds)
            limits = ["prlimit", f"--cpu={max(2, round(5 * part.seconds + 0.5))}", "--core=0",
                      f"--as={MEMORY}"]
        try:
            return subprocess.run([*limits, self.path, *arguments], input=given, text=True,
                                  errors="replace", env={**os.environ, **environment},
                                  stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
                                  timeout=patience, check=False)
        except subprocess.TimeoutExpired:
            return None

    def look(self):
        """Runs it as it is."""
        seen = BUILD / f"{self.name}.seen"
        self.parts = self.measure()
        for part in self.parts:
            seen.unlink(missing_ok=True)
            if not self.passes(part):
                raise Wrong(f"{self.path} fails without any mutant")
            for line in seen.read_text().splitlines() if seen.is_file() else []:
                number, flags = map(int, line.split())
                (part.reached if flags & REACHED else self.impossible).add(number)

    def measure(self):
        """The parts of its tests."""
        times = BUILD / f"{self.name}.json"
        if self.ended(["--gtest_brief=1", f"--gtest_output=json:{times}"]).returncode:
            raise Wrong(f"{self.path} fails without any mutant")
        return parts_of(json.loads(times.read_text()))

    def passes(self, part, mutant=None):
        """Whether all tests of a part pass."""
        done = self.ended(["--gtest_brief=1", "--gtest_fail_fast", f"--gtest_filter={part.filter}"],
                          mutant, part)
        return done is not None and done.returncode == 0


@dataclasses.dataclass
class Tables(Program):
    """The tables of decisions, as tests/decisions/test_decisions.py checks them."""

    def __post_init__(self):
        self.cases = [case for path in sorted((ROOT / "tests/decisions").glob("*.json"))
                      for case in json.loads(path.read_text())["cases"] if "expect" in case]
        self.given = "".join(json.dumps({name: case[name] for name in DOCUMENT if name in case})
                             + "\n" for case in self.cases)

    def measure(self):
        start = time.monotonic()
        self.ended(given=self.given)
        return [Part("", time.monotonic() - start)]

    def passes(self, part, mutant=None):
        return self.agrees(self.ended((), mutant, part, self.given))

    def agrees(self, done):
        if done is None or done.returncode:
            return False
        try:
            answers = [json.loads(line) for line in done.stdout.splitlines()]
            return len(answers) == len(self.cases) and all(
                expected(answer, case["expect"]) for answer, case in zip(answers, self.cases))
        except (ValueError, KeyError, IndexError):
            return False


def expected(answer, wanted):
    last = answer["steps"][-1]
    seen = {name: answer[name] for name in ("action", "desired", "demand")}
    seen |= {name: last[name] for name in ("rule", "note")}
    return ({name: seen[name] for name in wanted} == wanted and last["tasks"] == answer["desired"]
            and all(step["note"] for step in answer["steps"]))


def parts_of(report):
    """The quick tests first: they kill most mutants in a hundredth of the time of the slow ones."""
    times = {f"{suite['name']}.{test['name']}": float(test["time"].rstrip("s"))
             for suite in report["testsuites"] for test in suite["testsuite"]}
    suites, slow = collections.defaultdict(list), []
    for name, seconds in times.items():
        if seconds > SLOW:
            suites[name.split(".")[0]].append(name)
            slow.append(name)
    quick = sum(seconds for seconds in times.values() if seconds <= SLOW)
    return [Part("*-" + ":".join(slow), quick)] + [
        Part(":".join(names), sum(times[name] for name in names)) for names in suites.values()]


def killer(mutant, programs):
    """The program whose tests notice the mutant, or "": quick ones first, those of its own folder
    before others.
    """
    own = mutant.file.split("/")[1]
    parts = [(program, part) for program in programs for part in program.parts]
    parts.sort(key=lambda pair: (pair[1].seconds > SLOW_PART, pair[0].name != own, pair[1].seconds))
    for program, part in parts:
        if mutant.number in part.reached and not program.passes(part, mutant.number):
            return program.name
    return ""


def run(mutants, programs):
    """Mutant -> the program whose tests kill it, or ""."""
    killers, start = {}, time.monotonic()
    with concurrent.futures.ThreadPoolExecutor(WORKERS) as pool:
        running = {pool.submit(killer, mutant, programs): mutant for mutant in mutants}
        for done in concurrent.futures.as_completed(running):
            killers[running[done]] = done.result()
            if len(killers) % 100 == 0:
                print(f"  {len(killers)} of {len(mutants)} in {time.monotonic() - start:.0f} s",
                      flush=True)
    return killers


# --- the verdict ------------------------------------------------------------------------------


def told(mutant):
    return f"{mutant.file}:{mutant.line}: {mutant.function}: {mutant.before} -> {mutant.after}"


def verdict(killers, reached, entries, sampled):
    """Prints who survives and what is wrong, then the counts: the exit code."""
    survivors = [mutant for mutant, folder in killers.items() if not folder]
    named = [mutant for mutant in survivors if mutant.identity in entries]
    rest = sorted((mutant for mutant in survivors if mutant.identity not in entries),
                  key=lambda mutant: mutant.number)
    stale = [mutant for mutant, folder in killers.items() if folder and mutant.identity in entries]
    for mutant in rest:
        unreached = "" if mutant.number in reached else "  (no test reaches it)"
        print(f"survives: {mutant.number}: {told(mutant)}{unreached}")
    for mutant in stale:
        print(f"{EQUIVALENT.name}: is killed and so not equivalent: {mutant.identity}")
    share = 100 * len(rest) / len(killers) if killers else 0
    print(f"{len(killers)} mutants: {len(killers) - len(survivors)} killed, {len(named)} "
          f"equivalent (named), {len(rest)} survive ({share:.1f} %)")
    return 1 if stale or (rest if sampled else share > SURVIVORS_PERCENT) else 0


def show(mutant):
    print(f"{mutant.file}:{mutant.line}: {mutant.function}")
    print(f"- {mutant.before}\n+ {mutant.after}\n{mutant.identity}")


def chosen_mutants(mutants, arguments):
    numbers = {*(arguments.only or ()), *(arguments.show or ())}
    if unknown := numbers - {mutant.number for mutant in mutants}:
        raise Wrong(f"there is no mutant {', '.join(map(str, sorted(unknown)))}")
    if numbers:
        return [mutant for mutant in mutants if mutant.number in numbers]
    return sample(mutants, arguments.sample) if arguments.sample else mutants


def check(arguments):
    folders = chosen_folders(arguments.folders)
    mutants, texts = mutate_folders(folders)
    entries = read_equivalent(EQUIVALENT.read_text() if EQUIVALENT.is_file() else "")
    if stale := unknown_entries(entries, mutants, folders):
        raise Wrong("\n".join([f"{EQUIVALENT.name} names what is not there:", *stale]))
    chosen = chosen_mutants(mutants, arguments)
    if arguments.list or arguments.show:
        for mutant in chosen:
            show(mutant) if arguments.show else print(f"{mutant.number}: {told(mutant)}")
        return 0
    start = time.monotonic()
    binaries = BUILD / "build/bin"
    programs = [Program(folder, binaries / f"{folder}_test") for folder in test_programs()]
    programs.append(Tables("decisions", binaries / "decide_lines"))
    build(texts, programs)
    built = time.monotonic()
    for program in programs:
        program.look()
    reached = set().union(*(part.reached for program in programs for part in program.parts))
    impossible = set().union(*(program.impossible for program in programs)) - reached
    killers = run([mutant for mutant in chosen if mutant.number not in impossible], programs)
    by = collections.Counter(folder for folder in killers.values() if folder)
    print(f"built in {built - start:.0f} s, run in {time.monotonic() - built:.0f} s; killed by "
          + ", ".join(f"{folder} {count}" for folder, count in by.most_common()))
    return verdict(killers, reached, entries, bool(arguments.sample))


def main():
    parser = argparse.ArgumentParser(description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folders", nargs="*", metavar="FOLDER")
    parser.add_argument("--sample", type=int, metavar="N", help="N of them, always the same")
    parser.add_argument("--list", action="store_true", help="tell them, run nothing")
    parser.add_argument("--only", type=int, action="append", metavar="NUMBER", help="run this one")
    parser.add_argument("--show", type=int, action="append", metavar="NUMBER",
                        help="tell its change")
    try:
        return check(parser.parse_args())
    except Wrong as wrong:
        print(f"mutants: {wrong}", file=sys.stderr)
        return 1


if __name__ == "__main__":
    sys.exit(main())
