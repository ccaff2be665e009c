"""What `./dev coverage` says of a folder's lines."""

import json

import count_lines

FILES = [
    {"file": "src/core/a.cc", "lines": [
        {"line_number": 1, "count": 4}, {"line_number": 2, "count": 0},
        {"line_number": 3, "count": 0, "gcovr/noncode": True}]},
    {"file": "src/core_more/b.cc", "lines": [{"line_number": 9, "count": 0}]},
]


def run(tmp_path, capsys, *folders):
    path = tmp_path / "coverage.json"
    path.write_text(json.dumps({"files": FILES}))
    return count_lines.main(str(path), *folders), capsys.readouterr().out


def test_tells_the_share_and_what_no_test_reached(tmp_path, capsys):
    assert run(tmp_path, capsys, "src/core") == (
        0, "src/core: 50.0 % of 2 lines\n  src/core/a.cc:2: not reached\n")


def test_fails_below_the_wanted_share(tmp_path, capsys):
    assert run(tmp_path, capsys, "src/core=50")[0] == 0
    code, out = run(tmp_path, capsys, "src/core=100")
    assert (code, out.splitlines()[-1]) == (1, "src/core: less than 100 %")


def test_a_folder_without_lines_is_not_covered(tmp_path, capsys):
    assert run(tmp_path, capsys, "src/cores=1")[0] == 1
