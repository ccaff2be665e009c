#!/usr/bin/env python3
"""Checks what the documents name: paths, ./dev verbs, ecs-scaler commands, links; the pages that
the program names; and that the commands in them are written so that a test can type them.

usage: check_docs.py [--root FOLDER]     Exit code 1 when one of them does not exist.
"""

import argparse
import pathlib
import re
import sys

from doc_blocks import FENCE, documents, read_page
from project_files import ROOT

# A first part that is a folder of the project makes the words in backticks a path.
PATH = re.compile(r"[A-Za-z0-9_.][A-Za-z0-9_.-]*(?:/[A-Za-z0-9_.*{},-]+)+/?|[A-Za-z0-9_-]+\.md")
LINK = re.compile(r"\[[^\]]*\]\(([^)\s]+)\)")
NAMED_LINK = re.compile(r"\[[^\]]+\]\[([\w-]+)\]")
LINK_NAME = re.compile(r"^\[([\w-]+)\]: \S+$", re.MULTILINE)
VERB = re.compile(r"\./dev ([a-z][a-z-]*)")
COMMAND = re.compile(r"\becs-scaler ([a-z][a-z-]*)")
BACKTICKS = re.compile(r"`([^`\n]+)`")
PAGE = re.compile(r'"((?:docs/[\w-]+|README)\.md(?:#[\w-]+)?)"')


def dev_verbs(root):
    script = root / "dev"
    text = script.read_text() if script.is_file() else ""
    return set(re.findall(r"^verb_([\w-]+)\(\)", text, re.MULTILINE)) | {"help"}


def cli_commands(root):
    """The names of the values that the functions x_command() of the sources return."""
    names = set()
    for path in sorted((root / "src/programs/ecs_scaler").rglob("*.cc")):
        names |= set(re.findall(r'^Command \w+_command\([^)]*\) \{.*?\.name = "([a-z][a-z-]*)"',
                                path.read_text(), re.MULTILINE | re.DOTALL))
    return names


def path_exists(root, name):
    pattern = re.sub(r"\{[^}]*\}", "*", name.rstrip("/"))
    return any(root.glob(pattern)) or any((root / "src").glob(pattern))


def is_ours(root, name):
    first = name.split("/")[0]
    return "/" not in name or (root / first).is_dir() or (root / "src" / first).is_dir()


def anchors(text):
    """What GitHub makes of the headlines."""
    lines = re.findall(r"^#+ +(.+)$", FENCE.sub("", text), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", line.lower()).strip().replace(" ", "-") for line in lines}


def check_link(root, path, target):
    file, _, anchor = target.partition("#")
    linked = (path.parent / file).resolve() if file else path
    if not linked.exists() or root not in [linked, *linked.parents]:
        yield target, "the link leads nowhere"
    elif anchor and linked.suffix == ".md" and anchor not in anchors(linked.read_text()):
        yield target, "the link's headline does not exist"


def check_links(root, path, text):
    for target in LINK.findall(FENCE.sub("", text)):
        if not re.match(r"[a-z]+:", target):
            yield from check_link(root, path, target)


def check_named_links(text):
    """[words][name] and [name]: address need each other."""
    prose = BACKTICKS.sub("", FENCE.sub("", text))
    used, named = set(NAMED_LINK.findall(prose)), set(LINK_NAME.findall(prose))
    yield from ((f"][{name}]", "the link's name has no address") for name in sorted(used - named))
    yield from ((f"[{name}]:", "no link uses this address") for name in sorted(named - used))


def check_index(root):
    """docs/README.md leads to every page beside it."""
    index = root / "docs/README.md"
    if index.is_file():
        linked = {target.partition("#")[0] for target in LINK.findall(index.read_text())}
        for path in sorted(root.glob("docs/*.md")):
            if path != index and path.name not in linked:
                yield f"docs/README.md:1: {path.name}: the index does not lead to this page"


def check_pages(root, text):
    """The pages that messages of the program name, seen from the project's root."""
    for target in PAGE.findall(text):
        yield from check_link(root, root / "README.md", target)


def check_words(root, text):
    for words in BACKTICKS.findall(FENCE.sub("", text)):
        name = words.strip()
        if PATH.fullmatch(name) and is_ours(root, name) and not name.startswith("build/"):
            if not path_exists(root, name):
                yield words, "there is no such file"
    for verb in VERB.findall(text):
        if verb not in dev_verbs(root):
            yield f"./dev {verb}", "dev has no such verb"
    # In prose "ecs-scaler runs" may be a sentence: only code is looked at.
    commands = cli_commands(root)
    fences = [fence.group() for fence in FENCE.finditer(text)]
    code = "\n".join(BACKTICKS.findall(text) + fences)
    for command in COMMAND.findall(code) if commands else []:
        if command not in commands:
            yield f"ecs-scaler {command}", "ecs-scaler has no such command"


def check(root):
    complaints = [*check_index(root)]

    def complain(path, text, found):
        for words, complaint in found:
            line = text.count("\n", 0, max(text.find(words), 0)) + 1
            complaints.append(f"{path.relative_to(root)}:{line}: {words}: {complaint}")

    for path in documents(root):
        text = path.read_text()
        complain(path, text, [*check_links(root, path, text), *check_named_links(text),
                              *check_words(root, text)])
        complaints += [f"{path.relative_to(root)}:{line}: {complaint}"
                       for line, complaint in read_page(path)[1]]
    for path in sorted((root / "src").rglob("*.cc")):
        text = path.read_text()
        complain(path, text, check_pages(root, text))
    return complaints


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--root", type=pathlib.Path, default=ROOT)
    complaints = check(parser.parse_args().root.resolve())
    for complaint in complaints:
        print(complaint)
    if complaints:
        print(f"docs: {len(complaints)} complaints", file=sys.stderr)
    return 1 if complaints else 0


if __name__ == "__main__":
    sys.exit(main())
