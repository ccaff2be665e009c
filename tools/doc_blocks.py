#!/usr/bin/env python3
"""The commands that stand in the documents: which of them a test runs, and why not the others.

usage: doc_blocks.py [--root FOLDER]     counts them; exit code 1 when one is not written as here.

A fence of `sh` is a script. In a fence of `console` the lines behind `$ ` are commands and the
others what they print, with `...` for what differs each time. tests/end_to_end/test_documents.py
types all commands of a page in their order, into one shell. A comment above a fence says otherwise:

  <!-- not run: REASON -->     it is not run
  <!-- run: background -->     it goes on while what follows is run, as in a second terminal
  <!-- run: exit 3 -->         it ends with this code

and one at the page's top where its commands meet an AWS (no account is ever asked):

  <!-- world: moto -->
  <!-- world: emulator CLUSTER SERVICE QUEUE -->
"""

import argparse
import dataclasses
import pathlib
import re
import shlex
import sys

from project_files import ROOT

FENCE = re.compile(r"^(?P<indent> *)```(?P<language>\S*)\n(?P<text>.*?)^ *```$", re.M | re.S)
MARK = re.compile(r"<!-- (not run|run): (\S[^\n]*?) -->\s*\Z")
WORLD = re.compile(r"^<!-- world: (\w+)((?: [\w-]+)*) -->$", re.M)
EXIT = re.compile(r"exit (\d+)")
UNREAD_FENCE = re.compile(r"^[ >*-]*(?:```|~~~)", re.M)
COMMAND = re.compile(r"(?:\$|ecs-scaler|\./dev|aws|sam|osls|terraform) ")
INDENTED = re.compile(rf"(?<=\n\n) {{4,}}{COMMAND.pattern}")


@dataclasses.dataclass
class Command:
    text: str
    output: str | None = None  # None: nothing is said about it


@dataclasses.dataclass
class Block:
    line: int
    commands: list
    why_not: str | None = None
    background: bool = False
    code: int = 0


@dataclasses.dataclass
class Page:
    path: pathlib.Path
    world: list
    blocks: list

    @property
    def run(self):
        return [block for block in self.blocks if block.why_not is None]


def documents(root):
    """The pages whose commands are looked at: all but the history of changes."""
    folders = [*root.glob("*.md"), *root.glob("docs/**/*.md"), *root.glob("deploy/**/*.md")]
    return sorted(path for path in folders if path.name != "CHANGELOG.md")


def without_indent(text, indent):
    return "".join(line.removeprefix(indent) for line in text.splitlines(keepends=True))


def is_whole(command):
    if command.endswith("\\"):
        return False
    try:
        shlex.split(command)
    except ValueError:  # an open quote
        return False
    return True


def session(text):
    """The commands of a console and what each prints."""
    commands = []
    for line in text.splitlines():
        if commands and not is_whole(commands[-1].text):
            commands[-1].text += "\n" + line
        elif line.startswith("$ "):
            commands.append(Command(line[2:], ""))
        elif not commands:
            raise ValueError("a console begins with '$ '")
        else:
            commands[-1].output += line + "\n"
    return commands


def block_of(match, text):
    line = text.count("\n", 0, match.start()) + 1
    body = without_indent(match["text"], match["indent"])
    commands = session(body) if match["language"] == "console" else [Command(body)]
    block = Block(line, commands)
    if mark := MARK.search(text, 0, match.start()):
        kind, words = mark.groups()
        if kind == "not run":
            block.why_not = words
        elif words == "background":
            block.background = True
        elif code := EXIT.fullmatch(words):
            block.code = int(code[1])
        else:
            raise ValueError(f"'{words}' says nothing; known are: background, exit N")
    return block


def fence_complaint(language, text):
    if not language:
        return "a fence without a language: sh, console, text, .."
    if language in ("bash", "shell", "zsh"):
        return f"'{language}' is written sh here"
    if language == "text" and COMMAND.match(text):
        return "a command in a fence of text: sh or console"
    return None


def hidden_commands(text):
    """(line, complaint) where a command could stand that nobody reads."""
    prose = FENCE.sub(lambda fence: "\n" * fence.group().count("\n"), text)
    for pattern, complaint in ((UNREAD_FENCE, "a fence that is not written as ```LANGUAGE"),
                               (INDENTED, "a command without a fence")):
        for match in pattern.finditer(prose):
            yield prose.count("\n", 0, match.start()) + 1, complaint


def read_page(path):
    """The page's blocks, and what is wrong with it: [(line, complaint)]."""
    text, blocks = path.read_text(), []
    complaints = [*hidden_commands(text)]
    for match in FENCE.finditer(text):
        line = text.count("\n", 0, match.start()) + 1
        if complaint := fence_complaint(match["language"], match["text"].lstrip()):
            complaints.append((line, complaint))
        elif match["language"] in ("sh", "console"):
            try:
                blocks.append(block_of(match, text))
            except ValueError as error:
                complaints.append((line, str(error)))
    world = WORLD.search(text)
    return Page(path, [world[1], *world[2].split()] if world else [], blocks), complaints


def pages(root):
    return [read_page(path)[0] for path in documents(root)]


def main():
    parser = argparse.ArgumentParser(description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--root", type=pathlib.Path, default=ROOT)
    root = parser.parse_args().root.resolve()
    run = marked = failed = 0
    for path in documents(root):
        page, complaints = read_page(path)
        for line, complaint in complaints:
            print(f"{path.relative_to(root)}:{line}: {complaint}", file=sys.stderr)
            failed = 1
        if page.blocks:
            run += len(page.run)
            marked += len(page.blocks) - len(page.run)
            print(f"{len(page.run):4} run {len(page.blocks) - len(page.run):4} not  "
                  f"{path.relative_to(root)}")
    print(f"{run:4} run {marked:4} not, each with its reason, of {run + marked}")
    return failed


if __name__ == "__main__":
    sys.exit(main())
