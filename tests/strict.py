"""Checks every answer that boto3 receives against botocore's own model, member by member.

botocore's parser ignores what it does not know and takes what it can use; here an unknown member,
a wrong type or a null is a failure, and so is an error code that the operation does not have.
"""

import base64
import json
import re
import xml.etree.ElementTree

import botocore.config
import botocore.exceptions

from support import REGION, TEST_KEYS, aws_session

# Errors that any operation may answer.
COMMON_CODES = {
    "AccessDeniedException", "ExpiredTokenException", "IncompleteSignatureException",
    "InvalidParameterValue", "InvalidSignatureException", "MissingAuthenticationTokenException",
    "MissingParameter", "SerializationException", "ServiceUnavailable", "ThrottlingException",
    "UnknownOperationException", "UnrecognizedClientException"
}


def check_value(shape, value, path):
    checks = {
        "structure": check_structure,
        "list": check_list,
        "map": check_map,
        "string": check_string
    }
    if shape.type_name in checks:
        checks[shape.type_name](shape, value, path)
    elif shape.type_name in ("integer", "long"):
        assert type(value) is int, f"{path}: {value!r} is no integer"
    elif shape.type_name == "timestamp":
        assert type(value) in (int, float), f"{path}: {value!r} is no number"
        assert 1.7e9 < value < 4e9, f"{path}: {value!r} is not in seconds"
    elif shape.type_name == "boolean":
        assert type(value) is bool, f"{path}: {value!r} is no boolean"
    elif shape.type_name in ("double", "float"):
        assert type(value) in (int, float), f"{path}: {value!r} is no number"
    elif shape.type_name == "blob":
        base64.b64decode(value, validate=True)
    else:
        raise AssertionError(f"{path}: shapes of type {shape.type_name} are not checked yet")


def check_structure(shape, value, path):
    assert isinstance(value, dict), f"{path}: {value!r} is no structure"
    members = {
        member.serialization.get("name", name): member
        for name, member in shape.members.items()
    }
    for name, item in value.items():
        assert name in members, f"{path}.{name} is not in the model of {shape.name}"
        check_value(members[name], item, f"{path}.{name}")
    for name in shape.required_members:
        # AWS leaves empty lists of a batch out, whatever the model says.
        assert name in value or name in ("Successful", "Failed"), f"{path}.{name} is required"


def check_list(shape, value, path):
    assert isinstance(value, list), f"{path}: {value!r} is no list"
    for index, item in enumerate(value):
        check_value(shape.member, item, f"{path}[{index}]")


def check_map(shape, value, path):
    assert isinstance(value, dict), f"{path}: {value!r} is no map"
    for key, item in value.items():
        check_value(shape.key, key, f"{path} key")
        check_value(shape.value, item, f"{path}.{key}")


def check_string(shape, value, path):
    assert isinstance(value, str), f"{path}: {value!r} is no string"
    if shape.enum:
        assert value in shape.enum, f"{path}: {value!r} is none of {shape.enum}"


def check_wrapper(content, model):
    """In XML an answer stands in <NameResult>, an empty one, too: Go's SDK fails without it."""
    root = xml.etree.ElementTree.fromstring(content)
    tags = [element.tag.rpartition("}")[2] for element in (root, *root)]
    wrapper = model.output_shape.serialization["resultWrapper"] if model.output_shape else None
    assert tags == [f"{model.name}Response", *([wrapper] if wrapper else []), "ResponseMetadata"]


def check_answer(http_response, parsed, model, **_):
    """A handler of botocore's event "after-call"."""
    request_id = parsed["ResponseMetadata"].get("RequestId", "")
    assert re.fullmatch(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", request_id), request_id
    if model.service_model.metadata["protocol"] == "query" and http_response.status_code == 200:
        check_wrapper(http_response.content, model)
    if model.service_model.metadata["protocol"] != "json":
        return
    version = model.service_model.metadata["jsonVersion"]
    assert http_response.headers["content-type"] == f"application/x-amz-json-{version}"
    content = http_response.content
    if http_response.status_code == 200:
        if model.output_shape is None:
            assert content == b"", f"{model.name} has no output"
        else:
            check_value(model.output_shape, json.loads(content), model.name)
        return
    body = json.loads(content)
    assert set(body) == {"__type", "message"}, body
    code = body["__type"].rpartition("#")[2]
    known = COMMON_CODES | {shape.name for shape in model.error_shapes}
    assert code in known, f"{model.name} never answers {code}"
    if "awsQueryCompatible" in model.service_model.metadata:
        assert http_response.headers["x-amzn-query-error"].endswith((";Sender", ";Receiver"))


def watch(client):
    """Makes the client check every answer."""
    client.meta.events.register("after-call", check_answer)
    return client


def error_of(call, **arguments):
    """(code, HTTP status) of a call that must fail; the code that the answer itself carries."""
    try:
        answer = call(**arguments)
    except botocore.exceptions.ClientError as error:
        details = error.response["Error"]
        code = details.get("QueryErrorCode", details["Code"])
        return code, error.response["ResponseMetadata"]["HTTPStatusCode"]
    raise AssertionError(f"the call succeeded: {answer}")


def unchecked_client(name, endpoint, **keys):
    """A client that sends what botocore itself would refuse."""
    keys = keys or {name.lower(): value for name, value in TEST_KEYS.items()}
    config = botocore.config.Config(region_name=REGION,
                                    proxies={},
                                    parameter_validation=False,
                                    retries={"total_max_attempts": 1})
    return watch(aws_session().client(name,
                                      endpoint_url=endpoint,
                                      config=config,
                                      **keys))
