"""The guide that helps to choose a capacity says of each what the benchmarks say."""

import re

import benchmark_instances as tables


def rows_of(text):
    return [[cell.strip() for cell in line.strip("|").split(" | ")]
            for line in text.splitlines() if line.startswith("| ")]


def between_marks(path):
    return path.read_text().split(tables.BEGIN)[1].split(tables.END)[0]


def test_the_guides_table_is_that_of_the_benchmarks():
    """Both are written by one run; who edits one by hand is told here."""
    parts = re.split(r"^### (.+)$", between_marks(tables.BENCHMARKS), flags=re.MULTILINE)
    measured = {name: rows_of(table)[1:] for name, table in zip(parts[1::2], parts[2::2])}
    head, *rows = rows_of(between_marks(tables.GUIDE))

    names = [tables.SPARSE, tables.BURST, tables.RESTLESS]
    assert [cell.split(":")[0] for cell in head[1:]] == names
    assert len(rows) == 6
    for index, (title, *cells) in enumerate(rows):
        for name, cell in zip(names, cells):
            driver, wait, *_ = measured[name][index]
            month = float(measured[name][index][7].replace(",", ""))
            assert (title, cell) == (driver, f"{wait}, ${month:,.0f}")
