"""tools/demo_picture.py draws the rows of the demo's table, and nothing else."""

import re
import xml.etree.ElementTree

import pytest

import demo_picture

RUN = """An embedded AWS at http://127.0.0.1:1 runs bootstrap:

             visible in-flight desired running  tasks
   0.0 s       20         0       0       0             20 messages sent
   0.1 s        0        20       4       0  ....       UpdateService 0 -> 4
   2.1 s       18         2       4       4  ####
  10.0 s        0         0       0       0             UpdateService 4 -> 0

first message -> UpdateService                    0.05 s        0.04 s
"""


def test_rows_are_read():
    assert demo_picture.read(RUN) == [
        (0.0, 20, 0, 0, 0, "20 messages sent"), (0.1, 0, 20, 4, 0, "UpdateService 0 -> 4"),
        (2.1, 18, 2, 4, 4, ""), (10.0, 0, 0, 0, 0, "UpdateService 4 -> 0")]


def test_another_text_is_refused():
    with pytest.raises(SystemExit):
        demo_picture.read("usage: ecs-scaler demo\n")


def test_the_picture_is_xml_and_holds_what_happened():
    picture = demo_picture.draw(demo_picture.read(RUN))

    root = xml.etree.ElementTree.fromstring(picture)
    words = [text.text for text in root.iter("{http://www.w3.org/2000/svg}text")]
    assert "20 messages sent" in words and "UpdateService 0 -> 4" in words
    assert "UpdateService 4 -> 0" not in words
    lines = {line.get("class"): line.get("points") for line in root.iter() if line.get("points")}
    assert set(lines) == {"queue", "wanted", "running"}
    # Tasks run from 2.1 s on: nothing before that is above the ground.
    ground = lines["running"].split()[0].split(",")[1]
    assert [point.split(",")[1] == ground for point in lines["running"].split()][:5] == [True] * 5
    assert re.search(r"\d,208\.0", lines["running"])
