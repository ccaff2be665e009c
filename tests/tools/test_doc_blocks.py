"""tools/doc_blocks.py takes the commands out of a page."""

import pytest

import doc_blocks

PAGE = """# A page
<!-- world: emulator main worker jobs -->

```sh
one
two
```

```text
an output
```

<!-- not run: it needs an account -->
```sh
three
```

- A list:
  <!-- run: exit 3 -->
  ```console
  $ four 'over
    two lines'
  its output
  $ five \\
    more
  ```

<!-- run: background -->

```sh
six
```
"""


def read(tmp_path, text):
    path = tmp_path / "page.md"
    path.write_text(text)
    page, complaints = doc_blocks.read_page(path)
    assert complaints == []
    return page


def test_commands_marks_and_the_world_are_read(tmp_path):
    page = read(tmp_path, PAGE)

    first, account, in_list, last = page.blocks
    assert page.world == ["emulator", "main", "worker", "jobs"]
    assert (first.line, first.commands, first.code) == (4, [doc_blocks.Command("one\ntwo\n")], 0)
    assert (account.why_not, first.why_not) == ("it needs an account", None)
    assert in_list.code == 3
    assert in_list.commands == [doc_blocks.Command("four 'over\n  two lines'", "its output\n"),
                                doc_blocks.Command("five \\\n  more", "")]
    assert (first.background, last.background) == (False, True)
    assert page.run == [first, in_list, last]


def test_a_mark_is_of_the_next_fence_alone(tmp_path):
    page = read(tmp_path, "<!-- not run: no -->\n```sh\na\n```\nand\n```sh\nb\n```\n")

    assert [block.why_not for block in page.blocks] == ["no", None]


@pytest.mark.parametrize("text, complaint", [
    ("```\na\n```\n", "without a language"),
    ("```bash\na\n```\n", "'bash' is written sh"),
    ("```sh title=x\na\n```\n", "not written as"),
    ("~~~sh\na\n~~~\n", "not written as"),
    ("> ```sh\n> a\n> ```\n", "not written as"),
    ("- ```sh\n  a\n  ```\n", "not written as"),
    ("```text\n$ a\n```\n", "a command in a fence of text"),
    ("```text\necs-scaler once\n```\n", "a command in a fence of text"),
    ("so:\n\n    ecs-scaler once\n", "a command without a fence"),
    ("```console\na\n```\n", "begins with '$ '"),
    ("<!-- run: twice -->\n```sh\na\n```\n", "'twice' says nothing"),
])
def test_a_command_cannot_hide(tmp_path, text, complaint):
    path = tmp_path / "page.md"
    path.write_text("x\n\n" + text)

    complaints = doc_blocks.read_page(path)[1]

    assert complaints and complaint in complaints[0][1], complaints
    assert complaints[0][0] in (3, 4, 5)


def test_a_mark_without_a_reason_marks_nothing(tmp_path):
    page = read(tmp_path, "<!-- not run:  -->\n```sh\na\n```\n")

    assert [block.why_not for block in page.blocks] == [None]
