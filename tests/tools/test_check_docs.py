"""tools/check_docs.py finds names in the documents that stand for nothing."""

import pytest
import check_docs

BASE = {
    "dev": "verb_test() { :; }\nverb_demo() { :; }\n",
    "src/programs/ecs_scaler/main.cc": "Command twice_command();\n",
    "src/programs/ecs_scaler/commands/once.cc":
        'Command once_command() {\n  return {.name = "once",\n          .sentence = "x"};\n}\n',
    "src/programs/ecs_scaler/commands/demo.cc":
        'Command demo_command() {\n  Command command{\n      .name = "demo"};\n'
        '  list.push_back({.name = "twice"});\n}\n',
    "src/core/decide.cc": "",
    "docs/guide.md": "# The guide\n\n## Second part: more\n",
}


def check(tree, text):
    return check_docs.check(tree({**BASE, "README.md": text}))


@pytest.mark.parametrize("text", [
    "`src/core/decide.cc`, `core/decide.cc`, `src/core/`, `docs/guide.md`, `src/*/decide.{h,cc}`",
    "[guide](docs/guide.md), [part](docs/guide.md#second-part-more), [web](https://example.org/x)",
    "Run `./dev test` and `ecs-scaler once --dry-run`.\n\n```\n./dev demo\necs-scaler demo\n```\n",
    "`application/json` is no path, `n/a` neither; the ecs-scaler runs.",
    "```\n[not a link](nowhere)\n```\n",
    "`build/release/bin/ecs-scaler`",
])
def test_accepts(tree, text):
    assert check(tree, text) == []


@pytest.mark.parametrize("text, expected", [
    ("x\n\n`src/core/undecided.cc`", "README.md:3: src/core/undecided.cc: there is no such file"),
    ("`core/undecided.cc`", "there is no such file"),
    ("`GUIDE.md`", "there is no such file"),
    ("[guide](docs/gide.md)", "the link leads nowhere"),
    ("[out](../outside.md)", "the link leads nowhere"),
    ("[part](docs/guide.md#third)", "the link's headline does not exist"),
    ("`./dev tset`", "./dev tset: dev has no such verb"),
    ("`ecs-scaler twice`", "ecs-scaler twice: ecs-scaler has no such command"),
    ("```\necs-scaler twice\n```\n", "ecs-scaler has no such command"),
])
def test_complains(tree, text, expected):
    found = check(tree, text)

    assert len(found) == 1 and expected in found[0], found


def test_finds_pages_that_the_program_names_and_nobody_wrote(tree):
    source = 'f("docs/guide.md", "docs/guide.md#second-part-more", "docs/guide.md#third");\n'
    root = tree({**BASE, "README.md": "", "src/doctor/x.cc": source + 'f("docs/gide.md");\n'})

    assert check_docs.check(root) == [
        "src/doctor/x.cc:1: docs/guide.md#third: the link's headline does not exist",
        "src/doctor/x.cc:2: docs/gide.md: the link leads nowhere",
    ]
