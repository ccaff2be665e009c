"""Files that are no trace: each is answered with one sentence, which stands in wrong_traces.txt.

SCALER_UPDATE_GOLDEN=1 writes that file anew; read it before it is committed.
"""

import gzip
import io
import json
import os
import pathlib
import tarfile
import zipfile

GOLDEN = pathlib.Path(__file__).with_name("wrong_traces.txt")
ROWS = "timestamp,value\n2026-11-23 12:00,1\n2026-11-23 12:01,2\n"
LENGTH_MAX = 400  # of an answer: more is no sentence


def metric(label="NumberOfMessagesSent", times=("2026-11-23T12:00:00Z",), values=(1,), **more):
    return {"Id": "m1", "Label": label, "Timestamps": list(times), "Values": list(values), **more}


def cloudwatch(*metrics):
    return json.dumps({"MetricDataResults": list(metrics)})


def statistics(**point):
    return json.dumps({"Label": "NumberOfMessagesSent", "Datapoints": [
        {"Timestamp": "2026-11-23T12:00:00Z", "Unit": "Count", **point}]})


def prometheus(*series, kind="matrix"):
    return json.dumps({"status": "success", "data": {"resultType": kind, "result": list(series)}})


def series(name, **labels):
    return {"metric": {"__name__": name, **labels}, "values": [[1795435200, "1"]]}


def workbook():
    data = io.BytesIO()
    with zipfile.ZipFile(data, "w") as archive:
        archive.writestr("xl/workbook.xml", "<workbook/>")
    return data.getvalue()


def large_in_small():
    data = io.BytesIO()
    with gzip.GzipFile(fileobj=data, mode="wb", compresslevel=9, mtime=0) as packed:
        for _ in range(257):
            packed.write(b"2026-11-23 12:00,1\n" * (1_000_000 // 19 + 1))
    return data.getvalue()


def tar_archive():
    data = io.BytesIO()
    with tarfile.open(fileobj=data, mode="w:gz") as archive:
        member = tarfile.TarInfo("sent.csv")
        member.size = len(ROWS)
        archive.addfile(member, io.BytesIO(ROWS.encode()))
    return data.getvalue()


def journal(service):
    """Two passes over it."""
    return "".join(json.dumps({"level": "INFO", "message": "pass", "record": {
        "at": f"2026-11-23T12:0{minute}:00Z", "cluster": "main", "service_name": service,
        "queues": [{"visible": minute, "in_flight": 0, "delayed": 0}],
        "service": {"desired": 0, "running": 0, "pending": 0, "status": "ACTIVE",
                    "deploying": False},
        "decision": {"action": "hold", "desired": 0, "demand": 0, "steps": [], "state": {}},
        "outcome": "held", "errors": []}}) + "\n" for minute in (0, 1))


PACKED = gzip.compress(ROWS.encode() * 20, mtime=0)
WRONG = {
    "empty": "",
    "only blanks": " \n\n\t\n",
    "only a header": "timestamp,value\n",
    "only gaps": "timestamp,value\n2026-11-23 12:00,NaN\n2026-11-23 12:01,\n",
    "a quote left open": ROWS + '"2026-11-23 12:02,3\n2026-11-23 12:03,1\n',
    "a cell over two lines": ROWS + '"2026-11-23\n12:02",3\n',
    "lines of carriage returns": ROWS.replace("\n", "\r"),
    "negative": ROWS + "2026-11-23 12:02,-3\n",
    "too many": ROWS + "2026-11-23 12:02,1e12\n",
    "a word for a number": ROWS + "2026-11-23 12:02,many\n",
    "a unit": "timestamp,value\n2026-11-23 12:00,12 msgs\n",
    "a word for a time": ROWS + "yesterday,3\n",
    "no such day": ROWS + "2026-02-30 12:00,3\n",
    "day or month": "timestamp,value\n11/12/2026 12:00,3\n",
    "zone by name": "timestamp,value\n2026-11-23 12:00 CET,3\n",
    "serial days": "date,value\n46349.5,3\n",
    "thousands unquoted": "timestamp,value\n2026-11-23 12:00,1,234\n",
    "a cell is missing": ROWS + "2026-11-23 12:02\n",
    "one column": "value\n5\n6\n",
    "blanks between": "2026-11-23T12:00:00Z 5\n2026-11-23T12:01:00Z 6\n",
    "two values": "timestamp,orders,mails\n2026-11-23 12:00,1,2\n",
    "two values without a header": "2026-11-23 12:00,1,2\n2026-11-23 12:01,3,4\n",
    "no numbers": "timestamp,count\n2026-11-23 12:00,ok\n",
    "what waits": "timestamp,ApproximateNumberOfMessagesVisible\n2026-11-23 12:00,3\n",
    "a time of the day": "time,value\n12:00,3\n",
    "prose": "These are the numbers of last week.\nThey were high.\n",
    "JSON of something": '{"Queues": [{"Name": "jobs"}]}',
    "JSON cut off": cloudwatch(metric())[:-20],
    "JSON of logs": json.dumps({"events": [{"timestamp": 1, "message": "START"}]}),
    "no metric": cloudwatch(),
    "no values": cloudwatch(metric(times=(), values=())),
    "forbidden": cloudwatch(metric(times=(), values=(), StatusCode="Forbidden")),
    "values are missing": cloudwatch(metric(values=())),
    "two metrics": cloudwatch(metric("a NumberOfMessagesSent"),
                              metric("b NumberOfMessagesSent") | {"Id": "m2"}),
    "two metrics of one label": cloudwatch(metric(), metric() | {"Id": "m2"}),
    "a metric of what waits": cloudwatch(metric("ApproximateNumberOfMessagesVisible")),
    "an average": statistics(Average=3),
    "no datapoints": json.dumps({"Label": "NumberOfMessagesSent", "Datapoints": []}),
    "instant query": prometheus({"metric": {}, "value": [1795435200, "1"]}, kind="vector"),
    "histograms": prometheus({"metric": {}, "histograms": [[1795435200, {"count": "1"}]]}),
    "no series": prometheus(),
    "two series": prometheus(series("sent_total", queue="a"), series("sent_total", queue="b")),
    "KEDA's metric": prometheus(series("keda_scaler_metrics_value", scaledObject="worker")),
    "Prometheus' error": json.dumps({"status": "error", "errorType": "bad_data",
                                     "error": "parse error"}),
    "Prometheus' page": "# HELP up is it\n# TYPE up gauge\nup 1\n",
    "AWS CLI's text": "METRICDATARESULTS\tm1\tNumberOfMessagesSent\tComplete\n",
    "AWS CLI's error": "\nAn error occurred (AccessDenied) when calling GetMetricData\n",
    "a page": "<!DOCTYPE html><html><body>Sign in</body></html>",
    "UTF-16": ROWS.encode("utf-16"),
    "a workbook": workbook(),
    "bzip2": b"BZh91AY&SY",
    "xz": b"\xfd7zXZ\0\0\4",
    "bytes": b"\x7fELF\x02\x01\x01\0\0\0",
    "gzip cut off": PACKED[:-10],
    "gzip damaged": PACKED[:30] + b"\0\xff\0\xff" + PACKED[34:],
    "gzip twice": gzip.compress(PACKED, mtime=0),
    "gzip of very much": large_in_small(),
    "zstd cut off": b"\x28\xb5\x2f\xfd\x04\x00",
    "a tar archive": tar_archive(),
    "days of two orders": "Date,jobs\n11/13/2026 0:00,2\n13/11/2026 0:00,2\n",
    "an hour that no half of the day has": "Date,jobs\n11/13/2026 13:00 PM,2\n",
    "a total below": ROWS + "Total,3\n",
    "a table of jobs with two numbers": "created_at,attempts,priority\n2026-11-23 12:00,2,40\n",
    "a unit of Grafana": '"Time","jobs"\n1795435200000,1 ops/s\n',
    "a fleet file": "services:\n  - {cluster: c, service: s}\n",
    "a list in YAML": "- time: 2026-11-23T12:00:00Z\n  count: 3\n",
    "infinity of Prometheus": prometheus({"metric": {}, "values": [[1795435200, "+Inf"]]}),
    "records without a time": '{"jobs": 3}\n{"jobs": 4}\n',
    "records with two numbers": '[{"ts": 1795435200, "orders": 3, "mails": 4}]',
    "records with a negative number": '{"ts": 1795435200, "n": 3}\n{"ts": 1795435260, "n": -4}\n',
    "records with a word": '[{"ts": 1795435200, "count": "many"}]',
    "records that wait": '[{"ts": 1795435200, "queue_length": 3}]',
    "records cut off": '[{"ts": 1795435200, "n": 3}, {"ts": 17954',
    "numbers alone": "[1, 2, 3]",
    "Insights without rows": '{"results": [], "status": "Complete"}',
    "Insights of log lines": json.dumps({"results": [[
        {"field": "@timestamp", "value": "2026-11-23 12:00:00.000"},
        {"field": "@message", "value": "START"}]], "status": "Complete"}),
    "a log of two services": journal("worker") + journal("mails"),
    "a log of a field from elsewhere": journal("worker").replace('"visible"', '"seen"'),
    "log of no pass": '{"level":"INFO","message":"pass","record":{"queues":[]}}\n',
}


def test_each_is_answered_with_one_sentence(run_program, ecs_scaler, tmp_path):
    path = tmp_path / "trace"
    answers = []
    for name, content in WRONG.items():
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        done = run_program([ecs_scaler, "simulate", "--trace", path, "--rival", "keda"])
        assert done.code == 3 and done.stdout() == "", f"{name}: {done.output()}"
        assert done.stderr().count("\n") == 1 and len(done.stderr()) < LENGTH_MAX, done.output()
        answers.append(f"{name}\n    {done.stderr().strip().replace(str(path), 'FILE')}\n")
    told = "".join(answers)
    if os.environ.get("SCALER_UPDATE_GOLDEN"):
        GOLDEN.write_text(told)
    assert told == GOLDEN.read_text()


def test_what_has_no_end_is_refused(ecs_scaler, run_program):
    for shell in ("yes '2026-11-23 12:00,1' |", "</dev/zero"):
        command = f"{shell} {ecs_scaler} simulate --trace - --rival keda"
        if shell.startswith("<"):
            command = f"{ecs_scaler} simulate --trace - --rival keda {shell}"
        done = run_program(["sh", "-c", command])
        assert done.code == 3, done.output()
        assert "-: it is larger than 256 MB, or has no end" in done.stderr()
        assert done.stderr().count("ecs-scaler:") == 1
