#!/usr/bin/env python3
"""Makes docs/demo.svg out of a run of `ecs-scaler demo`: messages and tasks over a minute.

usage: demo_picture.py [--program ecs-scaler] [--output FILE] [--text FILE]
With --text the run is read from a file instead.
"""

import argparse
import html
import pathlib
import re
import subprocess

from project_files import ROOT

ROW = re.compile(r"^ *([\d.]+) s +(\d+) +(\d+) +(\d+) +(\d+)(?: +[.#]+)? *(\S.*)?$", re.MULTILINE)
WIDTH, LEFT, RIGHT = 900, 70, 20
# Panel: title, columns of the row that are drawn (class, columns to add up), top, height.
PANELS = [("messages", [("queue", (1, 2))], 56, 110),
          ("tasks", [("wanted", (3,)), ("running", (4,))], 208, 90)]
HEIGHT = 340
EVENT_Y = {"messages sent": 46, "UpdateService 0 ->": 316}  # What is told, and where.
STYLE = """
text { font: 13px sans-serif; fill: #1f2933 } .small { font-size: 12px; fill: #52606d }
.grid { stroke: #cbd2d9 } .queue { fill: #0072b2; fill-opacity: .25; stroke: #0072b2 }
.running { fill: #009e73; fill-opacity: .3; stroke: #009e73 }
.wanted { fill: none; stroke: #d55e00; stroke-width: 2; stroke-dasharray: 5 3 }
@media (prefers-color-scheme: dark) {
text { fill: #e4e7eb } .small { fill: #9aa5b1 } .grid { stroke: #3e4c59 }
.queue { fill: #56b4e9; stroke: #56b4e9 } .wanted { stroke: #e69f00 } }
"""


def read(text):
    """The rows of the demo's table: (seconds, visible, in flight, desired, running, event)."""
    rows = [(float(at), *map(int, counts), event or "")
            for at, *counts, event in ROW.findall(text)]
    if not rows:
        raise SystemExit("this is no output of ecs-scaler demo")
    return rows


def steps(rows, value, x, y):
    """A line that stays at a value until the next one, closed along the bottom."""
    points = [f"{x(rows[0][0]):.1f},{y(0):.1f}"]
    for row, following in zip(rows, [*rows[1:], rows[-1]]):
        points += [f"{x(at):.1f},{y(value(row)):.1f}" for at in (row[0], following[0])]
    points.append(f"{x(rows[-1][0]):.1f},{y(0):.1f}")
    return " ".join(points)


def panel(rows, x, title, columns, top, height):
    def total(row, added):
        return sum(row[column] for column in added)

    most = max(total(row, added) for row in rows for _, added in columns) or 1

    def y(value):
        return top + height * (1 - value / most)

    yield f'<text x="{WIDTH - RIGHT}" y="{top - 10}" text-anchor="end">{title}</text>'
    for value in (0, most):
        yield f'<path class="grid" d="M{LEFT} {y(value)}H{WIDTH - RIGHT}"/>'
        yield (f'<text class="small" x="{LEFT - 8}" y="{y(value) + 4}" text-anchor="end">{value}'
               "</text>")
    for name, added in columns:
        points = steps(rows, lambda row, added=added: total(row, added), x, y)
        yield f'<polyline class="{name}" points="{points}"/>'


def draw(rows):
    end = rows[-1][0] or 1.0

    def x(seconds):
        return LEFT + (WIDTH - LEFT - RIGHT) * seconds / end

    lines = [f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" role="img">',
             "<title>A queue fills, the service wakes, the work drains, the service sleeps</title>",
             f"<style>{STYLE}</style>",
             f'<text x="{LEFT - 12}" y="20">One run of ecs-scaler demo: dashed, the tasks that are '
             "wanted; filled, those that run</text>"]
    for title, columns, top, height in PANELS:
        lines += panel(rows, x, title, columns, top, height)
    lines += [f'<text class="small" x="{x(at):.1f}" y="{EVENT_Y[kind]}">{html.escape(event)}</text>'
              for at, *_, event in rows for kind in EVENT_Y if kind in event]
    lines += [f'<text class="small" x="{x(at):.1f}" y="{HEIGHT - 6}" text-anchor="middle">{at} s'
              "</text>" for at in range(0, int(end) + 1, 10)]
    return "\n".join([*lines, "</svg>", ""])


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--program", default=ROOT / "build/release/bin/ecs-scaler")
    parser.add_argument("--output", type=pathlib.Path, default=ROOT / "docs/demo.svg")
    parser.add_argument("--text", type=pathlib.Path)
    arguments = parser.parse_args()
    text = arguments.text.read_text() if arguments.text else subprocess.run(
        [arguments.program, "demo"], capture_output=True, text=True, check=True).stdout
    arguments.output.write_text(draw(read(text)))
    print(f"{arguments.output}: {arguments.output.stat().st_size} bytes")


if __name__ == "__main__":
    main()
