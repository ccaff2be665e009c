#!/usr/bin/env python3
"""Writes tests/vectors/credentials from smithy-rs' cases, in this project's own form.

usage: credential_vectors.py FOLDER     the folder that holds aws-config/ and aws-runtime/ of
                                        smithy-rs' aws/rust-runtime, each with its test-data/
What a case expects of this program differently stands in DIFFERS, with the reason.
"""

import argparse
import datetime
import email.utils
import json
import pathlib
import sys

from project_files import ROOT

SOURCE = ("smithy-rs (github.com/smithy-lang/smithy-rs, aws/rust-runtime) at "
          "56ee88c5c6edd967967656f1e29f46b229105e79, Apache-2.0, in this project's own form by "
          "tools/credential_vectors.py")
TARGET = ROOT / "tests/vectors/credentials"
# Paths are below a folder of the test's; the home of a person is none.
ROOT_MARK = "@ROOT"
KEY_MARK = "@KEY"
HOME = "/home" "/user"
FIPS = "FIPS and dual stack together are refused by name"
SHELL = "the command is run without a shell, as botocore does it: its pipe is an argument"
DIFFERS = {
    "e2e_fips_and_dual_stack_sso": FIPS,
    "e2e_fips_and_dual_stack_sts": FIPS,
    "credential_process": SHELL,
    "credential_process_account_id_fallback": SHELL,
    "SSO token profile selected": "a session without account and role gives a token for other "
                                  "services, which this program does not call",
}
HEADERS = ("x-amz-sso_bearer_token", "x-aws-ec2-metadata-token",
           "x-aws-ec2-metadata-token-ttl-seconds")


def instant(seconds):
    at = datetime.datetime.fromtimestamp(seconds, datetime.timezone.utc)
    return at.strftime("%Y-%m-%dT%H:%M:%SZ")


def rooted(text):
    """File paths of the case below the test's folder."""
    return text.replace("= /", f"= {ROOT_MARK}/").replace(HOME, "/somebody")


def rooted_environment(environment):
    return {name: ROOT_MARK + value
            if value.startswith("/") and not name.endswith("_URI") else value
            for name, value in environment.items()}


def text_of(data):
    return data.get("Utf8", "") if isinstance(data, dict) else ""


def request_of(request):
    headers = {name.lower(): values[0] for name, values in request["headers"].items()
               if name.lower() in HEADERS}
    return {"method": request["method"], "url": request["uri"], "headers": headers}


def response_of(response):
    if "Ok" not in response:
        return {"status": 0}
    headers = {name.lower(): values[0] for name, values in response["Ok"]["headers"].items()}
    return {"status": response["Ok"]["status"],
            "headers": {name: headers[name] for name in ("content-type", "date")
                        if name in headers}}


def traffic_of(path):
    exchanges = {}
    for event in json.loads(path.read_text())["events"]:
        action = event["action"]
        exchange = exchanges.setdefault(event["connection_id"], {"sent": "", "body": ""})
        if "Request" in action:
            exchange.update(request_of(action["Request"]["request"]))
        elif "Response" in action:
            exchange["answer"] = response_of(action["Response"]["response"])
        elif "Data" in action:
            part = "sent" if action["Data"]["direction"] == "Request" else "body"
            exchange[part] += text_of(action["Data"]["data"])
    result = []
    for exchange in exchanges.values():
        sent, body = exchange.pop("sent"), exchange.pop("body")
        # The recorded bodies name other roles than the cases do: the action alone is told.
        if sent.startswith("Action="):
            exchange["action"] = sent.split("&")[0].removeprefix("Action=")
        exchange["answer"]["body"] = body
        result.append(exchange)
    return result


def files_of(folder):
    return {"/" + path.relative_to(folder).as_posix(): rooted(path.read_text())
            for path in sorted(folder.rglob("*")) if path.is_file() and "/.aws/" in str(path)
            or path.is_file() and path.name == "token.jwt"}


def moment_of(traffic):
    """When the recording was made, so that what it brings has not expired."""
    for exchange in traffic:
        date = exchange["answer"].get("headers", {}).get("date")
        if date:
            return instant(email.utils.parsedate_to_datetime(date).timestamp())
    return "2009-02-13T00:00:00Z"


def chain_case(folder):
    case = json.loads((folder / "test-case.json").read_text())
    traffic = traffic_of(folder / "http-traffic.json")
    result = {"name": folder.name, "at": moment_of(traffic),
              "environment": rooted_environment(json.loads((folder / "env.json").read_text())),
              "files": files_of(folder / "fs"), "traffic": traffic}
    keys = case["result"].get("Ok")
    if keys is not None:
        result["keys"] = {name: keys[name] for name in
                          ("access_key_id", "secret_access_key", "session_token") if name in keys}
        if "expiry" in keys:
            result["keys"]["expires"] = instant(keys["expiry"])
    return with_reason(result)


def with_reason(case):
    if case["name"] in DIFFERS:
        case["differs"] = DIFFERS[case["name"]]
    return case


def chain_cases(folder):
    return [chain_case(path) for path in sorted(folder.iterdir()) if path.is_dir()]


def plan_step(step):
    ((kind, fields),) = step.items()
    fields = {"named": fields} if isinstance(fields, str) else dict(fields)
    fields.pop("account_id", None)
    return {"kind": kind, **fields}


def plan_case(case):
    given = case["input"]
    result = {"name": case["docs"], "profile": given["selected_profile"],
              "profiles": given["profiles"], "sso_sessions": given.get("sso_sessions", {})}
    if "ProfileChain" in case["output"]:
        result["plan"] = [plan_step(step) for step in case["output"]["ProfileChain"]]
    return with_reason(result)


def url_case(case):
    """A case about which URL is asked. What a builder overrides, a variable does here."""
    environment = dict(case["env"])
    if "endpoint_override" in case:
        environment["AWS_EC2_METADATA_SERVICE_ENDPOINT"] = case["endpoint_override"]
    if "mode_override" in case:
        environment["AWS_EC2_METADATA_SERVICE_ENDPOINT_MODE"] = case["mode_override"]
    files = {f"/{name}": text for name, text in case.get("fs", {}).items()}
    if "AWS_CONFIG_FILE" in environment:
        environment["AWS_CONFIG_FILE"] = f"{ROOT_MARK}/{environment['AWS_CONFIG_FILE']}"
    result = {"name": case["docs"], "environment": environment, "files": files}
    if "Ok" in case["result"]:
        result["url"] = case["result"]["Ok"]
    return result


def parser_case(case):
    result = {"name": case["name"], "config": case["input"].get("configFile", ""),
              "credentials": case["input"].get("credentialsFile", "")}
    if "config" in case["output"]:
        result["profiles"] = case["output"]["config"]["profiles"]
        result["sso_sessions"] = case["output"]["config"].get("sso_sessions", {})
    return result


def location_case(case):
    result = {"name": case["name"], "profile": case.get("profile", "default"),
              "environment": {name: rooted(value) for name, value in case["environment"].items()},
              "config": rooted(case["configLocation"]),
              "credentials": rooted(case["credentialsLocation"])}
    if case["platform"] == "windows":
        result["differs"] = "there is no program for Windows"
    return result


def login_token(token):
    token = dict(token)
    if "dpopKey" in token:
        token["dpopKey"] = KEY_MARK
    if "idToken" in token:
        token["idToken"] = "an-id-token"
    return token


def login_case(case):
    result = {"name": case["documentation"], "at": "2025-11-19T00:00:00Z",
              "config": case["configContents"],
              "cache": {name: login_token(token) for name, token in case["cacheContents"].items()}}
    for call in case.get("mockApiCalls", []):
        result["call"] = {"sent": call["request"]["tokenInput"],
                          "status": call.get("responseCode", 200),
                          "answer": call.get("response", {}).get("tokenOutput", {})}
    for outcome in case["outcomes"]:
        kind = outcome.pop("result")
        if kind == "credentials":
            result["keys"] = outcome
        elif kind == "cacheContents":
            result["kept"] = {name: login_token(token) for name, token in outcome.items()}
    return result


def write(name, cases):
    text = json.dumps({"source": SOURCE, "cases": cases}, indent=1, ensure_ascii=False)
    (TARGET / name).write_text(text + "\n")
    print(f"{name}: {len(cases)} cases")


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=pathlib.Path)
    folder = parser.parse_args().folder
    config, runtime = folder / "aws-config/test-data", folder / "aws-runtime/test-data"

    def read(path):
        document = json.loads(path.read_text())
        return document["tests"] if isinstance(document, dict) else document

    TARGET.mkdir(parents=True, exist_ok=True)
    write("default_chain.json", chain_cases(config / "default-credential-provider-chain"))
    write("profile_provider.json", chain_cases(config / "profile-provider"))
    write("plans.json", [plan_case(case) for case in read(config / "assume-role-tests.json")])
    write("container_urls.json", [url_case(case) for case in read(config / "ecs-tests.json")])
    write("instance_urls.json",
          [url_case(case) for case in read(config / "imds-config/imds-endpoint-tests.json")])
    write("login.json", [login_case(case)
                         for case in read(config / "login-provider-test-cases.json")])
    write("profile_files.json", [parser_case(case)
                                 for case in read(runtime / "profile-parser-tests.json")])
    write("file_locations.json", [location_case(case)
                                  for case in read(runtime / "file-location-tests.json")])
    return 0


if __name__ == "__main__":
    sys.exit(main())
