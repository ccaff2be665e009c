"""What `advise` gives to copy, read by the parser of each kind: the settings that it says."""

import json
import re
import shlex

import hcl2
import yaml

NAMES = {"SQS_QUEUE_URL": "https://sqs.us-east-1.amazonaws.com/123456789012/jobs",
         "ECS_CLUSTER_NAME": "main", "ECS_SERVICE_NAME": "worker"}


def value(text):
    try:
        return json.loads(text)
    except (TypeError, ValueError):
        return text


def seconds(settings):
    """The one setting that deployments count in minutes, as policies count it."""
    if "scale_down_threshold" in settings:
        settings["scale_down_threshold"] = round(60 * settings["scale_down_threshold"], 3)
    return settings


def snake(name):
    """"ScaleInWhen" and "scale-in-when" -> "scale_in_when"."""
    return re.sub(r"(?<!^)(?=[A-Z])", "_", name).replace("-", "_").lower()


def of_environment(text):
    words = dict(word.split("=", 1) for word in shlex.split(text))
    return seconds({name.lower(): value(word) for name, word in words.items()
                    if not name.endswith("_QUEUE_URL")})


def of_fleet(text):
    (service,) = yaml.safe_load(text)["services"]
    return service["policy"]


def of_tag(text):
    return {name: value(word) for name, word in (pair.split("=", 1) for pair in text.split())}


def plain(node):
    if isinstance(node, dict):
        return {plain(key): plain(item) for key, item in node.items() if key != "__is_block__"}
    if isinstance(node, list):
        return [plain(item) for item in node]
    return node[1:-1] if isinstance(node, str) and node.startswith('"') else node


def of_terraform(text):
    module = plain(hcl2.loads(text))["module"][0]["scaler"]
    beside = ("source", "name", "cluster", "service", "queue_arn", "zip")
    assert all(module[name] for name in beside)
    return seconds({name: item for name, item in module.items() if name not in beside})


def of_sam(text):
    parameters = yaml.safe_load(text)["default"]["deploy"]["parameters"]["parameter_overrides"]
    words = dict(word.split("=", 1) for pair in parameters for word in shlex.split(pair))
    beside = ("Cluster", "Service", "QueueArn")
    assert all(words[name] for name in beside)
    return seconds({snake(name): value(word)
                    for name, word in words.items() if name not in beside})


def of_osls(text):
    document = yaml.safe_load(text)
    return seconds({snake(name): value(word) for name, word in
                    {**document["custom"], **document["params"]["default"]}.items()})


PARSERS = {"Environment": of_environment, "Fleet file": of_fleet, "Service tag": of_tag,
           "Terraform": of_terraform, "SAM": of_sam, "osls": of_osls}


def check(advice, run_program, ecs_scaler, folder):
    """Each block holds the advised settings, and the program itself reads those that it can."""
    blocks = {block["name"]: block for block in advice["blocks"]}
    assert list(blocks) == list(PARSERS)
    policy = advice["settings"]["policy"]
    triggers = {"tick_seconds": advice["settings"].get("tick_seconds", 0),
                "wake": advice["settings"]["wake"]}
    for name, block in blocks.items():
        assert block["note"].endswith("."), name
        if name == "Service tag" and "schedules" in policy:
            assert block["text"] == "advised\n" and "ecs-scaler:profile" in block["note"]
            continue
        wanted = policy if name in ("Fleet file", "Service tag") else {**policy, **triggers}
        assert PARSERS[name](block["text"]) == wanted, block["text"]
    variables = dict(word.split("=", 1) for word in shlex.split(blocks["Environment"]["text"]))
    done = run_program([ecs_scaler, "config"], env={**NAMES, **variables})
    assert done.code == 0, done.output()
    fleet = folder / "fleet.yaml"
    fleet.write_text(blocks["Fleet file"]["text"])
    done = run_program([ecs_scaler, "config", fleet])
    assert done.code == 0, done.output()
    assert re.search(r"ecs-scaler run --config fleet.yaml --interval \d+(s|ms)\b",
                     blocks["Fleet file"]["note"])
