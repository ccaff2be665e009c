"""tools/deployment_settings.py: the deployments hold what it writes, which is what is asked."""

import json
import re

import pytest

import deployment_settings
from deployment_settings import FURTHER, Setting
from project_files import ROOT


def test_no_deployment_is_stale():
    stale = [path for path, text in deployment_settings.made().items()
             if (ROOT / path).read_text() != text]

    assert stale == []  # run python3 tools/deployment_settings.py


def test_every_setting_of_the_program_is_read():
    schema = json.loads((ROOT / "docs/config.schema.json").read_text())

    settings = deployment_settings.read_settings()

    assert [s.name for s in settings] == list(schema["$defs"]["policy"]["properties"])
    units = {s.name: s.unit for s in settings if s.kind in ("integer", "number")}
    assert all(units.values()), units
    assert (units["scale_down_threshold"], units["scale_in_window"]) == ("minutes", "seconds")


COUNT = Setting("tasks_max", "Never more.", "integer", "tasks", least=1, most=5000)


def test_a_name_in_the_style_of_each():
    assert (COUNT.variable, COUNT.parameter, COUNT.flag, COUNT.custom) == (
        "TASKS_MAX", "TasksMax", "tasks-max", "tasksMax")
    assert COUNT.description == "Never more. 1 to 5000 tasks."


@pytest.mark.parametrize("setting, good, bad", [
    (COUNT, ["", "1", "5000"], ["0", "x", "-1", "1.5", "5001", "50000"]),
    (Setting("n", "", "integer", "tasks", least=0, most=5000), ["", "0", "12"], ["01", "-1"]),
    (Setting("n", "", "number", "seconds", most=30), ["", "0.5", ".5", "1.", "0", "0.0", "30.00"],
     ["1e3", ".", "x", "30.1", "31", "-1"]),
    (Setting("n", "", "number", "seconds", least=0.001, most=30), ["", "0.001", ".5", "1.", "30"],
     ["0", "0.0", ".0", "0.0009", "."]),
    (Setting("n", "", "number", "ratio", most=1), ["", "0", "0.", ".1", "1", "1.0"],
     ["1.1", "2", "10", "5000"]),
    (Setting("n", "", "object"), ["", '{"policies":[]}'], ["[]", "x"]),
    (Setting("n", "", "list"), ["", "[]"], ["{}", "x"]),
], ids=["count", "count from zero", "number",
        "number above zero", "ratio", "object", "list"])
def test_cloudformation_refuses_what_is_no_such_value(setting, good, bad):
    pattern = re.compile(deployment_settings.pattern(setting))

    assert all(pattern.fullmatch(text) for text in good)
    assert not any(pattern.fullmatch(text) for text in bad)


NUMBERS = [s for s in (*deployment_settings.read_settings(), *FURTHER)
           if s.kind in ("integer", "number")]


@pytest.mark.parametrize("setting", NUMBERS, ids=lambda setting: setting.name)
def test_cloudformation_lets_by_what_the_program_takes_and_no_more(setting):
    """A stack of a value that the program refuses was made, and its function never started."""
    pattern = re.compile(deployment_settings.pattern(setting))
    least, most = map(deployment_settings.number, (setting.least, setting.most))

    assert pattern.fullmatch(least) and pattern.fullmatch(most)
    assert not pattern.fullmatch(str(int(setting.most) + 1))
    assert not pattern.fullmatch(most + "0")
    assert (pattern.fullmatch("0") is None) == (setting.least > 0)
    for value in (1, 2, 9, 10, 11, 99, 100, int(setting.most) // 2, int(setting.most) - 1):
        within = setting.least <= value <= setting.most
        assert (pattern.fullmatch(str(value)) is not None) == within, value


def test_numbers_are_written_without_an_exponent():
    assert [deployment_settings.number(value) for value in (1e-06, 1209600, 0.5, 1e9)] == [
        "0.000001", "1209600", "0.5", "1000000000"]


def test_marks_that_are_missing_are_named():
    with pytest.raises(SystemExit, match="settings of parameters: begin"):
        deployment_settings.between_marks("nothing", "parameters", [])


def test_the_terraform_tables_name_what_must_be_given_first():
    inputs, outputs = deployment_settings.terraform_tables([
        'variable "tasks" {\n  description = "So \\"many\\""\n  type        = number\n'
        '  default     = null\n}\n'
        'variable "name" {\n  description = "Of it"\n  type        = string\n}\n'
        'output "arn" {\n  description = "Where"\n  value       = x.arn\n}\n']).values()

    assert inputs[2:] == ["| `name` | `string` | required | Of it |",
                          '| `tasks` | `number` | `null` | So "many" |']
    assert outputs[2:] == ["| `arn` | Where |"]
