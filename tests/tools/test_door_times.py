"""tools/door_times.py replaces the rows that it has measured, and no others."""

import pytest

import door_times

DOCUMENT = """# Title
| way a | elsewhere |
<!-- door: begin -->
| way | time |
|---|---|
| way a | 1 s |
| way b | 2 s |
<!-- door: end -->
"""


def test_only_the_row_of_that_name_is_replaced():
    found = door_times.replaced(DOCUMENT, ["| way b | 9 s |"])

    assert found == DOCUMENT.replace("| way b | 2 s |", "| way b | 9 s |")


def test_a_row_outside_the_marks_stays():
    found = door_times.replaced(DOCUMENT, ["| way a | 9 s |"])

    assert "| way a | elsewhere |" in found and "| way a | 9 s |" in found


def test_a_way_without_a_row_is_told():
    with pytest.raises(ValueError, match="way c"):
        door_times.replaced(DOCUMENT, ["| way c | 9 s |"])


def test_every_way_has_its_row_and_its_function():
    readme = (door_times.ROOT / "README.md").read_text()
    for name, label in door_times.WAYS.items():
        assert callable(getattr(door_times, name))
        assert door_times.replaced(readme, [f"| {label} | x |"]).count(f"| {label} | x |") == 1
