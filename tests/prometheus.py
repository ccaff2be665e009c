"""Prometheus and promtool, unpacked from Debian's package, and a server that scrapes a program."""

import json
import re
import urllib.parse

import yaml

from fetched import fetched, run
from support import find_free_port, open_url, wait_until

PACKAGE = "prometheus=2.42.*"  # Debian 12's, with whatever it mends in it


def programs():
    """The folder of `prometheus` and `promtool`. Skips the test where they cannot be had."""

    def unpack(folder):
        run(["apt-get", "-q", "download", PACKAGE], folder)
        package, = folder.glob("*.deb")
        run(["dpkg-deb", "-x", package.name, "."], folder)
        package.unlink()

    return fetched("prometheus", [PACKAGE], unpack) / "usr/bin"


def hurried(rules):
    """The text of rules for a test, which has seconds where operators have minutes."""
    seconds = {"m": 1, "h": 60}
    rules = re.sub(r"\b(\d+)([mh])\b", lambda m: f"{int(m[1]) * seconds[m[2]]}s", rules)
    return re.sub(r"> (\d{2,})\b", lambda m: f"> {int(m[1]) // 60}", rules)


class Server:
    """Scrapes a port of loopback each second, and evaluates rules as often."""

    def __init__(self, start_process, folder, target_port, rules=None, job="ecs-scaler"):
        port = find_free_port()
        self.address = f"http://127.0.0.1:{port}"
        config = {"global": {"scrape_interval": "1s", "evaluation_interval": "1s"},
                  "scrape_configs": [{"job_name": job, "static_configs": [
                      {"targets": [f"127.0.0.1:{target_port}"]}]}]}
        if rules is not None:
            (folder / "rules.yml").write_text(rules)
            config["rule_files"] = ["rules.yml"]
        (folder / "prometheus.yml").write_text(yaml.safe_dump(config))
        self.process = start_process(
            [programs() / "prometheus", f"--config.file={folder}/prometheus.yml",
             f"--storage.tsdb.path={folder}/data", f"--web.listen-address=127.0.0.1:{port}"],
            ready=lambda one: "Server is ready" in one.stderr(), timeout=60)

    def get(self, path, **parameters):
        url = f"{self.address}/api/v1/{path}?{urllib.parse.urlencode(parameters)}"
        with open_url(url) as answer:
            return json.loads(answer.read())["data"]

    def query(self, expression):
        """[{"metric": labels, "value": [instant, text]}]"""
        return self.get("query", query=expression)["result"]

    def value(self, expression):
        found = self.query(expression)
        return float(found[0]["value"][1]) if found else None

    def alerts(self, *states):
        return {alert["labels"]["alertname"] for alert in self.get("alerts")["alerts"]
                if alert["state"] in states}

    def firing(self):
        return self.alerts("firing")

    def alerts_until_all_fire(self, expected):
        """Those that fired, until these do at the same time."""
        seen = set()

        def all_fire():
            firing = self.firing()
            seen.update(firing)
            return expected <= firing

        wait_until(all_fire, timeout=90, interval=0.5, what=f"{sorted(expected)}")
        return seen

    def wait_until_calm(self, *but):
        """Until something was scraped, and no alert but these is left of the time before."""
        wait_until(lambda: self.value("up") == 1
                   and self.alerts("firing", "pending") <= set(but), what="a scrape, and calm")
