#!/usr/bin/env python3
"""What formatter and compiler do not check: lengths, banned calls and words, opening lines.

usage: tidy.py [--root FOLDER] [FILE ...]     without files: the whole project
Exit code 1 on a complaint.
"""

import argparse
import ast
import dataclasses
import fnmatch
import pathlib
import re
import sys

from project_files import ROOT, code_only, project_files

COLUMNS = 100
FUNCTION_LINES = 70
FILE_LINES = 500
CPP = ("*.h", "*.cc")
CODE = (*CPP, "*.py", "*.cmake", "*CMakeLists.txt", "*.sh", "dev", ".ci/*", ".githooks/*")
TEXT = (*CODE, "*.md", "*.txt", "*.json", "*.yml", "*.yaml", "*.toml", "*.ini")
TESTS = ("*_test.cc", "*test_support.*", "tests/*", "bench/*",
         "*/raw_server.h", "*/test_ca.h", "*/fake_bootstrap.h")
MAINS = ("src/programs/ecs_scaler/main.cc", "src/programs/bootstrap/main.cc")
# Tables and this list of banned words may be long or name what is banned.
LONG_FILES = (*TESTS, "*.md", "*.json", "*.txt", "*_table.cc", "*_table.h")
ABOUT_BANS = ("tools/tidy.py", "tests/tools/*")


@dataclasses.dataclass(frozen=True)
class Ban:
    pattern: str
    reason: str
    files: tuple = CPP
    allowed: tuple = ()  # files where it may stand
    in_comments: bool = False


BANS = (
    Ban(r"\bgetenv\b", "the environment is read once, by main",
        allowed=(*MAINS, "tests/mutants/mutants.h")),
    Ban(r"\benviron\b", "the environment is read once, by main",
        allowed=("src/edge/wiring/process_environment.h",)),
    Ban(r"\b(?:std::)?(?:_?exit|quick_exit|_Exit)\s*\(", "only main exits",
        allowed=(*MAINS, "src/programs/ecs_scaler/signals.cc", "src/emulator/*process*.cc",
                 "src/guard/child/child.cc", "bench/referee/child.cc")),
    Ban(r"\babort\s*\(", "use CHECK", allowed=("src/ground/base/check.h",)),
    Ban(r"^using namespace (?!std::(?:chrono_|string_|string_view_)?literals)",
        "using namespace outside a function", allowed=MAINS),
    Ban(r"\bco_(?:await|return|yield)\b", "g++ 12 miscompiles coroutines"),
    Ban(r"(?<!static_)\bassert\s*\(", "use CHECK, which stays on, or an Error"),
    Ban(r"\bthrow\b(?!\s*\()", "errors are values"),
    Ban(r"\b(?:sleep_for|sleep_until|usleep|nanosleep)\b",
        "wait on a Clock, a condition or a socket",
        allowed=("src/ground/base/clock.cc",)),
    Ban(r"\bsystem_clock::now\b", "read a Clock; wall time is read in one file",
        allowed=("src/ground/base/clock.cc",)),
    Ban(r"\bsteady_clock::now\b", "deadlines are made in one file",
        allowed=("src/ground/base/clock.*", "src/ground/net/*", *TESTS)),
    Ban(r"\brandom_device\b", "use Random, which is seeded",
        allowed=("src/programs/ecs_scaler/*", "src/edge/wiring/*", "src/checkup/access/*")),
    Ban(r"\b(?:mt19937(?:_64)?|uniform_\w+_distribution|s?rand)\b\s*[({<]", "use Random"),
    Ban(r"\bstd::(?:jthread|thread|async)\b", "threads start in few files only",
        allowed=("src/ground/net/http_server.cc", "src/ground/net/event_loop*",
                 "src/ground/net/resolver.cc", "src/edge/aws/credentials.cc",
                 "src/edge/aws/side_by_side.*", "src/emulator/*",
                 "src/guard/front/credential_keeper.*",
                 "src/programs/ecs_scaler/signals.*", "src/programs/ecs_scaler/commands/*",
                 *TESTS)),
    Ban(r"\bstd::(?:mutex|shared_mutex|recursive_mutex|condition_variable(?:_any)?)\b",
        "mutexes live in few files only",
        allowed=("src/ground/base/clock.cc", "src/ground/base/log.cc", "src/ground/net/*",
                 "src/edge/aws/credentials*", "src/edge/aws/side_by_side.*",
                 "src/edge/identity/command_line.cc",
                 "src/guard/front/credential_keeper.*",
                 "src/emulator/*", "src/programs/ecs_scaler/commands/*", *TESTS)),
    Ban(r"#include <(?:absl|boost|openssl|fmt)/", "libraries are included in .cc files only",
        files=("*.h",), allowed=("*_impl.h", *TESTS)),
    Ban(r'#include "\.\.?/', "project includes are written from src/"),
    Ban(r"\b(?:TODO|FIXME|XXX)\b", "open work is an issue", files=TEXT, in_comments=True),
    Ban(r"\buses:\s+(?!\./)\S+(?<!@[0-9a-f]{40})(?!\S)",
        "an action is pinned by its full commit: a tag can be moved", files=(".github/*",)),
    Ban(r"/(?:home|Users|work)/\w|/root/\w", "a path of one machine", files=TEXT, in_comments=True,
        allowed=("*.txt",)),
    Ban(r"\b(?:pypi\.org|pythonhosted\.org|registry\.npmjs|deb\.debian\.org|proxy\.golang)",
        "the machine's own configuration names the registries", files=TEXT, in_comments=True),
)


# What stands before the braces of a block, within so many characters.
BLOCK_HEAD = re.compile(r"(?:\)|\b(?:else|do|const|noexcept|override))\s*\Z")
HEAD = 100


@dataclasses.dataclass
class Bracket:
    """What check_braced_lists knows of a bracket that is open."""

    is_block: bool
    is_list: bool = False  # unless it is a block
    has_comma: bool = False
    tries: list = dataclasses.field(default_factory=list)  # lines of all TRYs
    behind: list = dataclasses.field(default_factory=list)  # lines of those behind a comma

    def note(self, lines):
        self.tries += lines
        self.behind += lines if self.has_comma else []


def matches(name, patterns):
    return any(fnmatch.fnmatch(name, pattern) for pattern in patterns)


def check_text(name, text):
    """Columns, line ends, blanks."""
    if "\r" in text:
        yield 1, "CRLF line ends"
    if text and not text.endswith("\n"):
        yield text.count("\n") + 1, "no line end at the end of the file"
    # In tests the contents of strings, such as documents, may be as wide as they are.
    measured = code_only(text) if matches(name, TESTS) and matches(name, CPP) else text
    for number, (line, wide) in enumerate(zip(text.split("\n"), measured.split("\n")), 1):
        if line != line.rstrip():
            yield number, "trailing blanks"
        if "\t" in line:
            yield number, "a tab"
        if len(wide) > COLUMNS and matches(name, CODE) and "https://" not in line:
            yield number, f"{len(wide)} columns, more than {COLUMNS}"


def check_bans(name, text):
    code = code_only(text) if matches(name, CPP) else text
    # Include lines are strings to code_only, so they are looked up in the text as it is.
    for ban in BANS:
        if not matches(name, ban.files) or matches(name, (*ban.allowed, *ABOUT_BANS)):
            continue
        whole = ban.in_comments or ban.pattern.startswith("#include")
        for match in re.finditer(ban.pattern, text if whole else code, re.MULTILINE):
            line = (text if whole else code).count("\n", 0, match.start()) + 1
            yield line, f"'{match.group().strip()}': {ban.reason}"


def check_header(text):
    lines = text.split("\n")
    if lines[0] != "#pragma once":
        yield 1, "a header starts with #pragma once"
        return
    comment = 0
    while comment + 1 < len(lines) and lines[comment + 1].startswith("//"):
        comment += 1
    if comment == 0:
        yield 2, "a header says what it is for, right after #pragma once"
    if comment > 5:
        yield 2, f"the header's opening comment has {comment} lines, more than five"


def check_cpp_functions(text):
    """Functions begin with a line at column 0 that ends in '{' and end with '}' at column 0."""
    start = None
    scope = re.compile(r"(?:inline )?namespace|(?:class|struct|enum|union|extern)\b|.*[={] ?\{$")
    for number, line in enumerate(code_only(text).split("\n"), 1):
        if start is None and re.match(r"[A-Za-z].*\{$", line) and not scope.match(line):
            start = number
        elif start is not None and line.startswith("}"):
            if number - start + 1 > FUNCTION_LINES:
                yield start, f"a function of {number - start + 1} lines, more than {FUNCTION_LINES}"
            start = None


def check_braced_lists(text):
    """TRYs behind the first element of a braced list.

    Braces behind ')' or a word of BLOCK_HEAD, or around a ';', are a block and no list.
    """
    code = code_only(text)
    opened = [Bracket(is_block=True)]
    for match in re.finditer(r"[(){},;]|\bTRY\b", code):
        token = match.group()
        if token in "({":
            start = match.start()
            head = BLOCK_HEAD.search(code, max(0, start - HEAD), start) if token == "{" else None
            opened.append(Bracket(is_block=head is not None, is_list=token == "{"))
        elif token == ",":
            opened[-1].has_comma = True
        elif token == ";":
            opened[-1].is_block = True
        elif token == "TRY":
            opened[-1].note([code.count("\n", 0, match.start()) + 1])
        elif len(opened) > 1:
            closed = opened.pop()
            if closed.is_block:
                continue
            refused = closed.behind if closed.is_list else []
            for line in refused:
                yield line, "TRY behind others in a braced list: g++ 12 leaks them; take it before"
            opened[-1].note([line for line in closed.tries if line not in refused])


def check_python(text):
    for node in ast.walk(ast.parse(text)):
        if not isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)):
            continue
        lines = node.end_lineno - node.lineno + 1
        if lines > FUNCTION_LINES:
            yield node.lineno, f"{node.name} has {lines} lines, more than {FUNCTION_LINES}"


def complaints(name, text):
    """(line, complaint) pairs of one file; `name` is its path from the root."""
    yield from check_text(name, text)
    yield from check_bans(name, text)
    if matches(name, ("*.h",)):
        yield from check_header(text)
    if matches(name, CPP):
        yield from check_cpp_functions(text)
        yield from check_braced_lists(text)
    if matches(name, ("*.py",)):
        yield from check_python(text)


def warnings(name, text):
    lines = text.count("\n")
    if lines > FILE_LINES and matches(name, CODE) and not matches(name, LONG_FILES):
        yield 1, f"warning: {lines} lines; look again past {FILE_LINES}"


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--root", type=pathlib.Path, default=ROOT)
    parser.add_argument("files", nargs="*", type=pathlib.Path)
    arguments = parser.parse_args()
    root = arguments.root.resolve()
    failed = 0
    for path in [file.resolve() for file in arguments.files] or project_files(root):
        name = path.relative_to(root).as_posix()
        if not path.is_file() or not matches(name, TEXT):
            continue
        text = path.read_bytes().decode("utf-8", errors="replace")
        for line, complaint in complaints(name, text):
            print(f"{name}:{line}: {complaint}")
            failed += 1
        for line, warning in warnings(name, text):
            print(f"{name}:{line}: {warning}")
    if failed:
        print(f"tidy: {failed} complaints", file=sys.stderr)
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
