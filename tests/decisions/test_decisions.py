"""Every case of the tables beside this file, through the real `ecs-scaler decide`.

A table is {"about", "cases": [{"name", "source"?, "policy", "state"?, "observation", "expect"}]};
`expect` names action, desired and the rule of the last step, and what else is to be checked of the
answer (`demand`, the last step's `note`). All cases of a table are one run: JSON lines.
"""

import functools
import json
import pathlib
import subprocess

import pytest

from support import program_environment

FOLDER = pathlib.Path(__file__).resolve().parent
DOCUMENT = FOLDER.parent.parent / "docs" / "decision.md"
EXIT_CONFIGURATION = 3


@functools.cache
def table(name):
    return json.loads((FOLDER / f"{name}.json").read_text())


TABLES = sorted(path.stem for path in FOLDER.glob("*.json") if path.stem != "refusals")
CASES = [(name, index) for name in TABLES for index in range(len(table(name)["cases"]))]
REFUSALS = table("refusals")["cases"]


def label(case):
    name, index = case
    return f"{name}: {table(name)['cases'][index]['name']}"


@pytest.fixture(scope="session")
def decide(ecs_scaler, tmp_path_factory):
    """decide(text) -> (exit code, lines of stdout, stderr)"""
    folder = tmp_path_factory.mktemp("decide")

    def run(text):
        ended = subprocess.run([ecs_scaler, "decide"], input=text, text=True, timeout=60,
                               capture_output=True, env=program_environment(folder), check=False)
        assert not list(folder.glob("sanitizer.*")), "a sanitizer complained"
        return ended.returncode, ended.stdout.splitlines(), ended.stderr

    return run


@pytest.fixture(scope="session")
def answers(decide):
    """answers(table) -> the decisions of its cases, in order."""

    @functools.cache
    def of(name):
        cases = table(name)["cases"]
        lines = [json.dumps({field: case[field] for field in ("policy", "state", "observation")
                             if field in case}) for case in cases]
        _, out, err = decide("\n".join(lines))
        assert len(out) == len(cases), err
        return [json.loads(line) for line in out]

    return of


@pytest.mark.parametrize("case", CASES, ids=label)
def test_case(case, answers):
    name, index = case
    expected = dict(table(name)["cases"][index]["expect"])
    answer = answers(name)[index]
    assert "error" not in answer, answer["error"]
    last = answer["steps"][-1]
    seen = {"action": answer["action"], "desired": answer["desired"], "rule": last["rule"],
            "demand": answer["demand"], "note": last["note"]}
    assert {field: seen[field] for field in expected} == expected, answer["steps"]


def test_every_step_has_a_note(answers):
    for name in TABLES:
        for answer in answers(name):
            assert all(step["note"] for step in answer["steps"]), answer
            assert answer["steps"][-1]["tasks"] == answer["desired"], answer


def test_the_answer_state_is_read_again(answers, decide):
    """What a decision returns as its state is a state, for every case."""
    for name in TABLES:
        lines = [json.dumps({**{field: case[field] for field in ("policy", "observation")},
                             "state": answer["state"]})
                 for case, answer in zip(table(name)["cases"], answers(name))]
        code, out, err = decide("\n".join(lines))
        assert (code, len(out)) == (0, len(lines)), err


def test_names_are_distinct_and_there_are_enough():
    labels = [label(case) for case in CASES]
    assert len(set(labels)) == len(labels)
    assert len(labels) >= 550


@pytest.mark.parametrize("case", REFUSALS, ids=lambda case: case["name"])
def test_refusal(case, decide):
    document = case["document"]
    text = document if isinstance(document, str) else json.dumps(document)
    code, out, err = decide(text)
    assert code == EXIT_CONFIGURATION, (out, err)
    assert case["error"] in err
    assert [list(json.loads(line)) for line in out] == [["error"]] * bool(text.strip())


GOOD = json.dumps({"policy": {"scale_up_target": 3},
                   "observation": {"at": "2026-11-23T12:00:00Z", "queues": [{"visible": 1}],
                                   "service": {"desired": 0}}})


@pytest.mark.parametrize("bad", ["garbage", "{", '{"policy":{}}', "[]", "null", "\x00"])
@pytest.mark.parametrize("place", [0, 1, 2])
def test_a_bad_line_is_one_error_and_the_others_are_answered(bad, place, decide):
    lines = [GOOD, GOOD]
    lines.insert(place, bad)
    code, out, err = decide("\n".join(lines))
    kinds = ["error" if "error" in json.loads(line) else "answer" for line in out]
    assert kinds == ["error" if i == place else "answer" for i in range(3)], err
    assert code == EXIT_CONFIGURATION
    assert err.count("\n") == 1
    assert f"line {place + 1}: " in err


def test_one_document_over_several_lines(decide):
    code, out, err = decide("\n" + json.dumps(json.loads(GOOD), indent=2) + "\n\n")
    assert (code, len(out)) == (0, 1), err
    assert json.loads(out[0])["desired"] == 3


def test_blank_lines_and_line_ends_of_windows_are_nothing(decide):
    code, out, err = decide(f"{GOOD}\r\n\r\n\n{GOOD}\r\n")
    assert (code, len(out)) == (0, 2), err


def examples():
    """(input, expected answer) of each ```json pair in the document: the block after `->`."""
    blocks = DOCUMENT.read_text().split("```json\n")[1:]
    texts = [block.split("\n```")[0] for block in blocks]
    assert len(texts) % 2 == 0, "an example is an input and an answer"
    return list(zip(texts[::2], texts[1::2]))


@pytest.mark.parametrize("example", examples(), ids=lambda pair: pair[0][:60])
def test_the_document_shows_what_the_program_answers(example, decide):
    asked, shown = example
    code, out, err = decide(asked)
    assert (code, len(out)) == (0, 1), err
    answer, expected = json.loads(out[0]), json.loads(shown)
    assert {field: answer[field] for field in expected} == expected


@pytest.mark.parametrize("first", ["", '{"policy":\n'], ids=["a line", "a document of lines"])
def test_an_input_without_an_end_is_refused(first, ecs_scaler, tmp_path):
    endless = tmp_path / "endless"
    with open(endless, "w") as file:
        file.write(first)
        file.truncate(200 << 20)
    with open(endless) as file:
        ended = subprocess.run([ecs_scaler, "decide"], stdin=file, text=True, timeout=100,
                               capture_output=True, env=program_environment(tmp_path), check=False)
    assert (ended.returncode, ended.stdout) == (EXIT_CONFIGURATION, "")
    assert ended.stderr.count("\n") == 1 and "more than 64 MB" in ended.stderr
