"""tools/count_tests.py counts what ctest and pytest write."""

import count_tests
import pytest

CTEST = """<testsuite>
<testcase name="A.Works" classname="A.Works" status="run"><system-out>fine</system-out></testcase>
<testcase name="A.Fails" classname="A.Fails" status="fail"><failure message=""/>
<system-out>a_test.cc:9: Failure
why</system-out></testcase>
<testcase name="A.Skips" classname="A.Skips" status="notrun">
<skipped message="SKIP_REGULAR_EXPRESSION_MATCHED"/><system-out>a_test.cc:5: Skipped
no IPv6 here
</system-out></testcase>
</testsuite>"""
PYTEST = """<testsuites><testsuite>
<testcase classname="tests.t" name="test_a"/>
<testcase classname="tests.t" name="test_b"><skipped type="x" message="Go is missing"/></testcase>
</testsuite></testsuites>"""


@pytest.fixture
def run(tree, capsys):
    def count(**files):
        root = tree({f"{name}.xml": text for name, text in files.items()})
        code = count_tests.main([str(root / f"{name}.xml") for name in files])
        return code, capsys.readouterr().out.strip().split("\n")

    return count


def test_adds_up_the_files_and_gives_the_reasons(run):
    code, lines = run(unit=CTEST, system=PYTEST)

    assert code == 1
    assert lines[-3:] == ["skipped: Go is missing", "skipped: no IPv6 here",
                          "2 passed, 1 failed, 2 skipped"]
    assert lines[0] == "failed: A.Fails: A.Fails"
    assert lines[1:3] == ["    a_test.cc:9: Failure", "    why"]


def test_succeeds_without_failures(run):
    assert run(system=PYTEST) == (0, ["skipped: Go is missing",
                                       "1 passed, 0 failed, 1 skipped"])


def test_no_tests_are_no_success(run):
    assert run(system="<testsuites/>") == (1, ["0 passed, 0 failed, 0 skipped"])


def test_a_missing_file_is_no_success(tree, capsys):
    root = tree({"system.xml": PYTEST})

    assert count_tests.main([str(root / "system.xml"), str(root / "unit.xml")]) == 1
    assert "no results" in capsys.readouterr().out
