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
    "Run `./dev test` and `ecs-scaler once --dry-run`.\n",
    "```sh\n./dev demo\necs-scaler demo\n```\n",
    "`application/json` is no path, `n/a` neither; the ecs-scaler runs.",
    "```text\n[not a link](nowhere)\n```\n", "- x\n  ```text\n  [not a link](nowhere)\n  ```\n",
    "`build/release/bin/ecs-scaler`",
    "[words][name], `a[0][b]`\n\n[name]: https://example.org/x\n",
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
    ("x\n[words][name]", "README.md:2: ][name]: the link's name has no address"),
    ("x\n\n[name]: https://example.org/x", "README.md:3: [name]:: no link uses this address"),
    ("`./dev tset`", "./dev tset: dev has no such verb"),
    ("`ecs-scaler twice`", "ecs-scaler twice: ecs-scaler has no such command"),
    ("```sh\necs-scaler twice\n```\n", "ecs-scaler has no such command"),
    ("x\n```\n./dev demo\n```\n", "README.md:2: a fence without a language"),
    ("```console\n./dev demo\n```\n", "README.md:1: a console begins with '$ '"),
    ("<!-- run: soon -->\n```sh\n./dev demo\n```\n", "README.md:2: 'soon' says nothing"),
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


def test_finds_pages_to_which_the_index_does_not_lead(tree):
    index = "[guide](guide.md#the-guide)\n"
    assert check_docs.check(tree({**BASE, "docs/README.md": index})) == []

    root = tree({**BASE, "docs/README.md": index, "docs/lost.md": ""})
    assert check_docs.check(root) == [
        "docs/README.md:1: lost.md: the index does not lead to this page"]
