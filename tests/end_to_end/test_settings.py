"""The settings' documents are what the program prints, and the JSON Schema judges as it does."""

import json

import jsonschema
import pytest
import yaml
from support import ROOT, Job

QUEUE = "https://sqs.eu-central-1.amazonaws.com/123456789012/jobs"


def service(**changes):
    whole = {"cluster": "c", "service": "s", "queues": [QUEUE], **changes}
    return {name: value for name, value in whole.items() if value is not None}


GOOD = [
    {"services": [service()]},
    {"services": [service(queues=[QUEUE, {"url": QUEUE + "2", "weight": 0.5}]),
                  service(service="arn:aws:ecs:eu-central-1:123456789012:service/c/t")]},
    {"services": [service(queues=["arn:aws:sqs:eu-west-3:123456789012:jobs.fifo"])]},
    {"defaults": {"mode": "backlog", "backlog_per_task": 10, "tolerance": 0.1},
     "services": [service(policy={
         "scale_out_budget": {"select": "min", "policies": [{"tasks": 4, "period": 60},
                                                            {"percent": 100, "period": 1.5}]}})]},
    {"services": [service(policy={"scale_in_budget": {"select": "disabled"}, "paused": True})]},
    {"profiles": {"gpu": {"tasks_max": 3}, "none": {}}, "services": [service()]},
]
# (document, what the program's error must contain)
BAD = [
    ({}, "services is missing"),
    ({"services": []}, "services has 0 services"),
    ({"service": [service()], "services": [service()]}, "did you mean 'services'"),
    ({"services": [service(cluster=None)]}, "services[0].cluster is missing"),
    ({"services": [service(cluster="two words")]}, "services[0].cluster: 'two words'"),
    ({"services": [service(queues=[])]}, "services[0].queues is empty"),
    ({"services": [service(queues=["jobs"])]}, "services[0].queues[0]: 'jobs'"),
    ({"services": [service(queues=["arn:aws:sns:eu-central-1:123456789012:jobs"])]},
     "services[0].queues[0]: 'arn:aws:sns:"),
    ({"services": [service(queues=[{"url": QUEUE, "weight": 0}])]},
     "services[0].queues[0].weight: 0"),
    ({"services": [service(queues=[{"weight": 1}])]}, "services[0].queues[0].url is missing"),
    ({"services": [service(policy={"tasks_max": 0})]}, "services[0].policy.tasks_max: 0"),
    ({"services": [service(policy={"tasks_max": "many"})]}, "policy.tasks_max: 'many'"),
    ({"services": [service(policy={"task_max": 5})]}, "did you mean 'tasks_max'"),
    ({"services": [service(policy={"mode": "fast"})]}, "policy.mode: 'fast'"),
    ({"defaults": {"tolerance": 2}, "services": [service()]}, "defaults.tolerance: 2"),
    ({"profiles": {"gpu": {"task_max": 2}}, "services": [service()]}, "profiles.gpu"),
    ({"profiles": ["gpu"], "services": [service()]}, "is not an object of policies"),
    ({"services": [service(policy={"scale_in_budget": {"policies": [{"tasks": 1}]}})]},
     "period is missing"),
    ({"services": [service(policy={"scale_in_budget": {"policies": [
        {"tasks": 1, "percent": 1, "period": 60}]}})]}, "either tasks or percent"),
]


@pytest.fixture(scope="module")
def schema():
    return jsonschema.Draft202012Validator(
        json.loads((ROOT / "docs/config.schema.json").read_text()))


@pytest.fixture
def check(run_program, ecs_scaler, tmp_path):
    """check(text) -> the ended `config FILE`."""

    def run(text):
        path = tmp_path / "fleet.yaml"
        path.write_bytes(text if isinstance(text, bytes) else text.encode())
        return run_program([ecs_scaler, "config", path])

    return run


@pytest.mark.parametrize("flag, document", [("--markdown", "docs/configuration.md"),
                                            ("--schema", "docs/config.schema.json")])
def test_the_documents_are_what_the_program_prints(run_program, ecs_scaler, flag, document):
    process = run_program([ecs_scaler, "config", flag])
    kept = (ROOT / document).read_text()

    if document.endswith(".json"):
        assert json.loads(process.stdout()) == json.loads(kept), f"make {document} anew with {flag}"
    else:
        assert process.stdout() == kept, f"make {document} anew with {flag}"


def test_the_schema_is_one(schema):
    schema.check_schema(schema.schema)


def services_of(process):
    """The lines that name a service; what is below one of them says where it is."""
    return [line for line in process.stdout().splitlines() if not line.startswith(" ")]


@pytest.mark.parametrize("document", GOOD)
def test_schema_and_program_accept_good_fleets(schema, check, document):
    schema.validate(document)

    for text in (json.dumps(document), yaml.safe_dump(document)):
        process = check(text)
        assert process.code == 0, process.output()
        assert len(services_of(process)) == len(document["services"])


@pytest.mark.parametrize("document, complaint", BAD)
def test_schema_and_program_refuse_bad_fleets(schema, check, document, complaint):
    assert not schema.is_valid(document)

    process = check(json.dumps(document))
    assert process.code == 3
    assert complaint in process.stderr()
    assert "fleet.yaml: " in process.stderr()


@pytest.mark.parametrize("text, complaint", [
    ("", "there is nothing in it"),
    ("services: [\n", "line "),
    ("services: 1\nservices: 2\n", "line 2, column 1: the key 'services' stands twice"),
    (b"services: \xff", "line 1: not UTF-8"),
    ("- a\n", "an array is not a fleet file: YAML or JSON with services"),
    ("#" * 4_000_001, "larger than 4000000 bytes"),
])
def test_a_file_that_is_no_fleet_is_one_clear_error(check, text, complaint):
    process = check(text)

    assert process.code == 3
    assert complaint in process.stderr()
    assert len(process.stderr().splitlines()) == 1


@pytest.mark.parametrize("name, reason", [("missing.yaml", "there is no file '{}'"),
                                          ("", "'{}' is a folder")])
def test_a_file_that_cannot_be_read_is_named(run_program, ecs_scaler, tmp_path, name, reason):
    process = run_program([ecs_scaler, "once", "--config", tmp_path / name])

    assert process.code == 3
    assert process.stderr() == f"ecs-scaler: {reason.format(tmp_path / name)}\n"


def test_the_example_in_the_document_is_a_fleet(check):
    text = (ROOT / "docs/configuration.md").read_text()
    example = text[text.index("```yaml\n") + 8:].split("```")[0]

    assert services_of(check(example)) == ["production/thumbnails: 2 queues"]


def test_a_function_tells_of_a_setting_that_nobody_reads(emulator, bootstrap):
    """A slip in a deployment's variables would else be a default in force that nobody notices."""
    job = Job(emulator(lambda_=bootstrap, env=["TASK_MAX=20", "ACCOUNTING_UNIT=a", "TASKS_MIN=0"]))

    job.invoke({"source": "aws.events", "detail": {}})

    warnings = {line["message"] for line in job.function_lines() if line["level"] == "WARN"}
    assert warnings == {"TASK_MAX is no setting; did you mean 'TASKS_MAX'?"}


def test_config_names_a_wrong_level_with_all_else(run_program, ecs_scaler):
    told = run_program([ecs_scaler, "config"], env={"LOG_LEVEL": "inof"})
    assert told.code == 3
    assert "SQS_QUEUE_URL is not set" in told.stderr()
    assert "LOG_LEVEL: 'inof' is not one of" in told.stderr()
