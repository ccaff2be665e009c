#!/usr/bin/env python3
"""Writes the settings into the three deployments, from the table that the program prints.

usage: deployment_settings.py [--check]     Exit code 1 when --check finds a file that is stale.

docs/config.schema.json and docs/configuration.md say what a setting is; both are printed by
`ecs-scaler config`. Written are the marked blocks of deploy/cloudformation/template.yaml and
deploy/serverless/common.yml, deploy/terraform/policy.tf, and the tables of its README.md. What is
not given does not become a variable: the defaults are the program's.
"""

import argparse
import dataclasses
import json
import math
import re
import sys

from project_files import ROOT

TEMPLATE = "deploy/cloudformation/template.yaml"
SERVERLESS = "deploy/serverless/common.yml"
TERRAFORM = "deploy/terraform"


@dataclasses.dataclass(frozen=True)
class Setting:
    name: str
    meaning: str
    kind: str  # integer, number, boolean, word, object, list, text
    unit: str = ""
    words: tuple = ()
    least: float = 0
    most: float = math.inf
    variable_name: str = ""

    @property
    def variable(self):
        return self.variable_name or self.name.upper()

    @property
    def parameter(self):
        return "".join(part.capitalize() for part in self.name.split("_"))

    @property
    def flag(self):
        return self.name.replace("_", "-")

    @property
    def custom(self):
        return self.parameter[0].lower() + self.parameter[1:]

    @property
    def range(self):
        return f"{number(self.least)} to {number(self.most)} {self.unit}"

    @property
    def description(self):
        if self.kind in ("integer", "number"):
            return f"{self.meaning} {self.range[0].upper()}{self.range[1:]}."
        return f"{self.meaning} JSON." if self.kind in ("object", "list") else self.meaning


# Those that are no part of a policy. Terraform takes all but the first from its map `environment`;
# CloudFormation has no maps.
FURTHER = (
    Setting("wake_return_seconds", "How long a message that woke the service stays invisible "
            "before a worker can take it.", "integer", "seconds", least=0, most=43200),
    Setting("https_proxy", "URL of a proxy for the calls to AWS.", "text"),
    Setting("no_proxy", "Hosts that are reached without the proxy.", "text"),
    Setting("use_fips_endpoint", "Whether the FIPS endpoints are called.", "boolean",
            variable_name="AWS_USE_FIPS_ENDPOINT"),
    Setting("use_dualstack_endpoint", "Whether the dual-stack endpoints are called.", "boolean",
            variable_name="AWS_USE_DUALSTACK_ENDPOINT"),
)


def number(value):
    """As people write it: without an exponent, and whole where it is whole."""
    return f"{value:.0f}" if float(value).is_integer() else f"{value:.12f}".rstrip("0")


def read_settings(root=ROOT):
    """The policy's settings in the order of the program's own table."""
    schema = json.loads((root / "docs/config.schema.json").read_text())
    page = (root / "docs/configuration.md").read_text()
    settings = []
    for name, member in schema["$defs"]["policy"]["properties"].items():
        unit = re.search(rf"^\| `{name}` \|[^|]*\| [\d.]+ to [\d.]+ ([^|]+) \|", page, re.MULTILINE)
        kind, words = member.get("type"), tuple(member.get("enum", ()))
        if "$ref" in member:
            referred = schema["$defs"][member["$ref"].split("/")[-1]]
            kind = "list" if referred["type"] == "array" else "object"
        setting = Setting(name, member["description"], "word" if words else kind,
                          unit.group(1) if unit else "", words, member.get("minimum", 0),
                          member.get("maximum", math.inf))
        if name == "scale_down_threshold":  # the one variable in minutes, as in the original
            setting = dataclasses.replace(setting, unit="minutes", most=setting.most / 60)
        settings.append(setting)
    return settings


# --- CloudFormation -----------------------------------------------------------------------------


def quoted(text):
    """A YAML scalar in single quotes."""
    return "'" + text.replace("'", "''") + "'"


def whole_numbers_below(limit):
    """A pattern for 1 to limit - 1, limit left out: those with fewer digits, and then those that
    begin as it does and have a smaller digit next."""
    digits = str(limit)

    def times(count):
        return {0: "", 1: "[0-9]"}.get(count, f"[0-9]{{{count}}}")

    choices = [f"[1-9][0-9]{{0,{len(digits) - 2}}}"] if len(digits) > 1 else []
    for i, digit in enumerate(map(int, digits)):
        least = 0 if i else 1
        if digit > least:
            smaller = str(least) if digit - 1 == least else f"[{least}-{digit - 1}]"
            choices.append(digits[:i] + smaller + times(len(digits) - i - 1))
    return "|".join(choices)


def number_pattern(setting):
    """Up to and with `most`; also ".5" and "1.", which the program reads as well."""
    below = whole_numbers_below(int(setting.most))
    if setting.least == 0:
        below, small = (f"0|{below}" if below else "0"), r"\.[0-9]+"
    else:  # 0.001: at most two zeros behind the point
        small = rf"0?\.0{{0,{-round(math.log10(setting.least)) - 1}}}[1-9][0-9]*"
    return rf"(({below})(\.[0-9]*)?|{small}|{number(setting.most)}(\.0*)?)?"


def pattern(setting):
    """What CloudFormation lets by: nothing, or what lies within the limits of the setting."""
    if setting.kind == "integer":
        zero = "" if setting.least >= 1 else "0|"
        return f"({zero}{whole_numbers_below(int(setting.most))}|{number(setting.most)})?"
    if setting.kind == "number":
        return number_pattern(setting)
    return {"object": r"(\{.*\})?", "list": r"(\[.*\])?"}.get(setting.kind)


def cloudformation_parameter(setting):
    lines = [f"  {setting.parameter}:", "    Type: String", "    Default: ''"]
    words = ("true", "false") if setting.kind == "boolean" else setting.words
    if words:
        lines.append(f"    AllowedValues: [{', '.join(map(quoted, ('', *words)))}]")
    elif pattern(setting):
        lines.append(f"    AllowedPattern: {quoted(pattern(setting))}")
    return [*lines, f"    Description: {quoted(setting.description)}"]


def cloudformation_blocks(settings):
    settings = [*settings, *FURTHER]
    return {
        "parameters": [line for setting in settings for line in cloudformation_parameter(setting)],
        "conditions": [f"  Given{s.parameter}: !Not [!Equals [!Ref {s.parameter}, '']]"
                       for s in settings],
        "variables": [f"          {s.variable}: "
                      f"!If [Given{s.parameter}, !Ref {s.parameter}, !Ref AWS::NoValue]"
                      for s in settings]}


def serverless_blocks(settings):
    return {"parameters": [
        f"""  {s.parameter}: {{Default: "${{param:{s.flag}, self:custom.{s.custom}, ''}}"}}"""
        for s in [*settings, *FURTHER]]}


def between_marks(text, name, lines):
    """`text` with these lines between the marks of that name."""
    begin, end = f"settings of {name}: begin", f"settings of {name}: end"
    found = re.findall(rf"(^[^\n]*{begin}[^\n]*\n)(.*?)(^[^\n]*{end})", text,
                       re.MULTILINE | re.DOTALL)
    if len(found) != 1:
        sys.exit(f"deployment_settings: not once: {begin}")
    (head, _, tail), = found
    start = text.index(head) + len(head)
    return text[:start] + "".join(f"{line}\n" for line in lines) + text[text.index(tail, start):]


# --- Terraform ----------------------------------------------------------------------------------


def terraform_condition(setting):
    """(condition on a value that is given, what is wrong otherwise); nothing where all is right."""
    value = f"var.{setting.name}"
    if setting.kind == "word":
        return (f"contains({json.dumps(setting.words)}, {value})",
                f"One of {', '.join(setting.words)}.")
    if setting.kind in ("integer", "number"):
        bounds = f"{value} >= {number(setting.least)} && {value} <= {number(setting.most)}"
        if setting.kind == "integer":
            return f"{bounds} && floor({value}) == {value}", f"A whole number, {setting.range}."
        return bounds, f"From {setting.range}."
    return None


def terraform_variable(setting):
    types = {"integer": "number", "number": "number", "boolean": "bool", "word": "string"}
    lines = ["", f'variable "{setting.name}" {{',
             f"  description = {json.dumps(setting.description.removesuffix(' JSON.'))}",
             f"  type        = {types.get(setting.kind, 'any')}", "  default     = null"]
    if condition := terraform_condition(setting):
        right, wrong = condition
        lines += ["  validation {",
                  f"    condition     = var.{setting.name} == null ? true : {right}",
                  f"    error_message = {json.dumps(wrong)}", "  }"]
    return [*lines, "}"]


def terraform_value(setting):
    """Budgets and schedules are the JSON text that the variable holds, or what becomes it."""
    value = f"var.{setting.name}"
    if setting.kind in ("object", "list"):
        return f"{value} == null ? null : try(tostring({value}), jsonencode({value}))"
    return value


def terraform_policy(settings):
    settings = [*settings, FURTHER[0]]
    width = max(len(setting.variable) for setting in settings)
    lines = ["# Made by tools/deployment_settings.py from the program's table. What is null is no",
             "# variable of the function: the defaults are the program's.",
             "", "locals {", "  policy_variables = { for name, value in {",
             *(f"    {s.variable:{width}} = {terraform_value(s)}" for s in settings),
             "  } : name => tostring(value) if value != null }", "}"]
    return "\n".join([*lines, *(line for s in settings for line in terraform_variable(s))]) + "\n"


BLOCK = re.compile(r'^(variable|output) "(\w+)" \{\n(.*?)^\}', re.MULTILINE | re.DOTALL)


def terraform_blocks(texts, kind):
    """[(name, {argument: its text})] of all variables or outputs."""
    return [(name, dict(re.findall(r"^  (\w+) += (.+)$", body, re.MULTILINE)))
            for text in texts for found, name, body in BLOCK.findall(text) if found == kind]


def terraform_tables(texts):
    variables, outputs = (terraform_blocks(texts, kind) for kind in ("variable", "output"))
    variables.sort(key=lambda variable: "default" in variable[1])  # what must be given comes first

    def row(name, arguments):
        default = f"`{arguments['default']}`" if "default" in arguments else "required"
        meaning = json.loads(arguments["description"]).replace("|", "\\|").replace("<", "&lt;")
        return f"| `{name}` | `{arguments['type']}` | {default} | {meaning} |"

    return {"inputs": ["| input | type | default | meaning |", "|---|---|---|---|",
                       *(row(*variable) for variable in variables)],
            "outputs": ["| output | meaning |", "|---|---|",
                        *(f"| `{name}` | {json.loads(a['description'])} |" for name, a in outputs)]}


# --- all ----------------------------------------------------------------------------------------


def made(root=ROOT):
    """{path: the text that it should have}"""
    settings = read_settings(root)
    files = {}
    for path, blocks in ((TEMPLATE, cloudformation_blocks(settings)),
                         (SERVERLESS, serverless_blocks(settings))):
        text = (root / path).read_text()
        for name, lines in blocks.items():
            text = between_marks(text, name, lines)
        files[path] = text
    policy = files[f"{TERRAFORM}/policy.tf"] = terraform_policy(settings)
    hand_made = [(root / TERRAFORM / name).read_text() for name in ("variables.tf", "outputs.tf")]
    text = (root / TERRAFORM / "README.md").read_text()
    for name, lines in terraform_tables([*hand_made, policy]).items():
        text = between_marks(text, name, lines)
    return {**files, f"{TERRAFORM}/README.md": text}


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--check", action="store_true")
    check = parser.parse_args().check
    stale = []
    for name, text in made().items():
        path = ROOT / name
        if not path.exists() or path.read_text() != text:
            stale.append(name)
            if not check:
                path.write_text(text)
    for name in stale:
        print(f"{name}: stale: run tools/deployment_settings.py" if check else f"wrote {name}")
    return 1 if check and stale else 0


if __name__ == "__main__":
    sys.exit(main())
