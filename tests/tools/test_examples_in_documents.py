"""What the documents show as configuration can be read as such, and names what there is."""

import json
import re

import hcl2
import pytest
import yaml

from doc_blocks import FENCE, documents, without_indent
from project_files import ROOT

MODULE = re.compile(r'source\s*=\s*"\./deploy/terraform"')


def fences(*languages):
    found = []
    for path in documents(ROOT):
        text = path.read_text()
        for fence in FENCE.finditer(text):
            if fence["language"] in languages:
                line = text.count("\n", 0, fence.start()) + 1
                found.append(pytest.param(without_indent(fence["text"], fence["indent"]),
                                          id=f"{path.relative_to(ROOT)}:{line}"))
    return found


def sides(diff):
    """What a diff takes away from, and what it leads to."""
    lines = diff.splitlines()
    return ("\n".join(line[1:] for line in lines if not line.startswith("+")),
            "\n".join(line[1:] for line in lines if not line.startswith("-")))


def variables():
    text = "".join(path.read_text() for path in (ROOT / "deploy/terraform").glob("*.tf"))
    return set(re.findall(r'^variable "(\w+)"', text, re.MULTILINE))


def check_terraform(text):
    read = hcl2.loads(text + "\n")
    for module in read.get("module", []):
        (arguments,) = module.values()
        given = {name for name in arguments if not name.startswith("__")} - {"source"}
        if MODULE.search(text):
            assert given <= variables(), given - variables()
            assert {"name", "cluster", "service", "zip"} <= given
    return read


@pytest.mark.parametrize("text", fences("hcl"))
def test_terraform_can_be_read(text):
    assert check_terraform(re.sub(r"^\s*# \.\.\.$", "", text, flags=re.MULTILINE))


@pytest.mark.parametrize("text", fences("yaml"))
def test_yaml_can_be_read(text):
    assert yaml.safe_load(text)


@pytest.mark.parametrize("text", fences("diff"))
def test_both_sides_of_a_diff_can_be_read(text):
    policy = set(json.loads((ROOT / "docs/config.schema.json").read_text())["$defs"]["policy"]
                 ["properties"])
    for side in sides(text):
        if re.search(r'^(resource|module) "', side, re.MULTILINE):
            assert check_terraform(side)
            continue
        read = yaml.safe_load(side)
        assert isinstance(read, dict)
        for service in read.get("services", []):
            assert set(service["policy"]) <= policy


def test_the_comparison_s_figures_are_those_of_the_benchmark():
    benchmark = (ROOT / "docs/benchmarks.md").read_text().partition("### elb_requests")[2]
    rows = dict(re.findall(r"^\| ([^|]+?) \| (.*) \|$", benchmark.partition("### ")[0], re.M))
    compared = next(line for line in (ROOT / "README.md").read_text().splitlines()
                    if line.startswith("| p95 wait, task-hours"))
    cells = compared.split(" | ")[1:]
    names = ("this program, plain", "AWS target tracking", "KEDA with HPA", "10 s polling",
             "Python original")
    for name, cell in zip(names, cells, strict=True):
        _, p95, _, _, hours, *_ = rows[name].split(" | ")
        assert cell.startswith(f"{p95}, {hours}"), f"{name}: {cell}"


def test_the_first_screen_s_figures_are_those_of_their_pages():
    screen = (ROOT / "README.md").read_text().partition("## Install")[0]
    seconds = re.search(r"\*\*Fast\.\*\* ([\d.]+ s)", screen)[1]
    dollars = re.search(r"\*\*Cheap\.\*\* (\$[\d.]+) .*?, (\$[\d.]+) where", screen).groups()
    wake = re.search(r"^\| wake \| 100 \| ([\d.]+ s) ", (ROOT / "docs/benchmarks.md").read_text(),
                     re.M)
    rows = re.findall(r"^\| schedule, wake, ticks each 10 s \(\d pollers\) .*?\*\*(.*?)\*\*",
                      (ROOT / "docs/cost.md").read_text(), re.M)

    assert seconds == wake[1]
    assert list(dollars) == rows


def ignoring():
    """What tells another tool to leave the tag of the state alone."""
    told = [*fences("hcl", "ts", "yaml"), *(pytest.param(path.read_text(), id=path.parent.name)
                                            for path in (ROOT / "deploy").rglob("main.tf"))]
    return [each for each in told if re.search("ignore.*ecs-scaler:state", *each.values, re.DOTALL)]


@pytest.mark.parametrize("text", ignoring())
def test_who_leaves_the_state_alone_leaves_the_pause_alone(text):
    """`ecs-scaler pause` had ended with the next `terraform apply`, which took its tag away."""
    assert text.count("ecs-scaler:pause") == text.count("ecs-scaler:state")


def test_several_tools_are_told():
    assert len(ignoring()) >= 5
