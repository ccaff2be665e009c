"""Wrong command lines, files and settings: what is answered names the thing, the value and what
would be right. The answers stand in wrong_command_lines.txt and wrong_files.txt, to be read."""

import os
import pathlib
import re
import shlex
import subprocess

from support import program_environment

HERE = pathlib.Path(__file__).parent
LINES = HERE / "wrong_command_lines.txt"
FILES = HERE / "wrong_files.txt"
RENEW = os.environ.get("SCALER_RENEW") == "1"
# What the library that takes the words apart would say.
INTERNALS = re.compile(
    r"was not expected|were not expected|Run with --help|->|\{|\bOR\b|not in |bounded to|\bTEXT:|"
    r"does not exist: |required but|Could not convert|subcommand|Validator|INT\b|FLOAT\b|excludes")


def blocks(path, mark):
    """The head and the [(first line, [further lines])] of a golden file."""
    lines = path.read_text().splitlines()
    first = next(i for i, line in enumerate(lines) if line.startswith(mark))
    found = []
    for line in lines[first:]:
        if line.startswith(mark):
            found.append((line, []))
        else:
            found[-1][1].append(line)
    return lines[:first], found


def compare(path, head, answered):
    """answered: the lines that the file should hold below its head."""
    text = "\n".join([*head, *answered]) + "\n"
    if RENEW:
        path.write_text(text)
    assert text == path.read_text()


def run(program, folder, arguments, variables=(), text=None):
    (folder / "bootstrap").touch()
    stdin = {"input": text} if text is not None else {"stdin": subprocess.DEVNULL}
    return subprocess.run([program, *arguments], capture_output=True, text=True, timeout=60,
                          check=False, cwd=folder, **stdin,
                          env=program_environment(folder, dict(variables)))


def test_a_wrong_command_line_is_answered_in_one_sentence(ecs_scaler, tmp_path):
    head, cases = blocks(LINES, "$ ")
    assert len(cases) >= 40
    answered = []
    for command, _ in cases:
        done = run(ecs_scaler, tmp_path, shlex.split(command[2:])[1:])
        assert (done.returncode, done.stdout) == (2, ""), command
        assert done.stderr.startswith("ecs-scaler") and done.stderr.count("\n") == 1, done.stderr
        assert not INTERNALS.search(done.stderr), done.stderr
        answered += [command, done.stderr.rstrip("\n")]
    compare(LINES, head, answered)


def told_of(program, folder, title, text):
    """What is answered to a file; its exit code is that of a wrong configuration."""
    name = title.split(":")[0]
    if name != "environment":
        (folder / name.replace("flete", "fleet")).write_text(text.replace("<TAB>", "\t"))
    if name == "environment":
        variables = [line.split("=", 1) for line in text.splitlines()]
        done = run(program, folder, ["explain"], variables)
    elif name == "policy.json":
        done = run(program, folder, ["simulate", "--arrivals", "poisson:1", "--length", "1h",
                                     "--policy", name])
    elif name == "observations.jsonl":
        done = run(program, folder, ["decide"], text=text)
    else:
        done = run(program, folder, ["config", name])
    assert done.returncode in (1, 3), (title, done)
    return done.stderr.splitlines()


def test_a_wrong_file_is_answered_a_line_a_problem(ecs_scaler, tmp_path):
    head, cases = blocks(FILES, "=== ")
    assert len(cases) >= 25
    answered = []
    for number, (title, lines) in enumerate(cases):
        content = [line for line in lines if not line.startswith("> ")]
        folder = tmp_path / str(number)
        folder.mkdir()
        told = told_of(ecs_scaler, folder, title[4:], "".join(f"{line}\n" for line in content))
        assert told and not any(len(line) > 400 for line in told), told
        # Each problem a line of its own, below what says that there are several.
        assert len(told) == 1 or all(line.startswith(("  ", "ecs-scaler: ")) for line in told)
        answered += [title, *content, *(f"> {line}" for line in told)]
    compare(FILES, head, answered)


def test_ten_problems_are_ten_lines():
    _, cases = blocks(FILES, "=== ")
    told, = [lines for title, lines in cases if title.endswith(": ten problems")]

    assert sum(line.startswith(">   ") for line in told) >= 10, told
