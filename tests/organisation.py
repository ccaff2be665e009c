"""A fleet of tagged services in three accounts and two regions of one embedded AWS, and the one
function that looks after all of them; for tests and for bench/one_function.py."""

import datetime
import json
import types

import botocore.config

from support import TEST_KEYS, Job, aws_session, instant, wait_until

HOME, ACCOUNTS = "000000000000", ("000000000000", "111111111111", "222222222222")
REGIONS = ("us-east-1", "eu-west-1")
PLACES = [(account, region) for account in ACCOUNTS for region in REGIONS]
CLUSTER = "main"
POLICY = "mode=backlog backlog_per_task=10 busy_window=0 tasks_max=20"


def role_of(account):
    return f"arn:aws:iam::{account}:role/scaler"


def fleet_variables(tick, shard_size=500):
    """Of the function: by tags alone, wherever they are."""
    accounts = [{"regions": REGIONS, **({} if account == HOME else {"role": role_of(account)})}
                for account in ACCOUNTS]
    return [
        "FLEET=tags", "WAKE=false", f"FLEET_ACCOUNTS={json.dumps(accounts)}",
        f"FLEET_SHARD_QUEUE_URL=https://sqs.us-east-1.amazonaws.com/{HOME}/shards",
        f"FLEET_SHARD_SERVICES={shard_size}", f"TICK_SECONDS={tick}", "METRICS=emf:Errors"]


class Organisation:
    """`job` runs the function. Services have names of their own, `s0000` and so on, and the queue
    `jobs-s0000`; `twin` is called the same in each place."""

    def __init__(self, emulator, shards_at_once=8):
        self.job = Job(emulator)
        self.endpoint = emulator.endpoint
        self.clients = {place: self.clients_of(*place) for place in PLACES}
        self.places, self.arns, self.urls = {}, {}, {}
        self.last_event = 0
        for place in PLACES:
            ecs = self.clients[place].ecs
            ecs.create_cluster(clusterName=CLUSTER)
            ecs.register_task_definition(family="worker", containerDefinitions=[
                {"name": "worker", "image": "worker", "memory": 128}])
        self.map_shards(shards_at_once)

    def clients_of(self, account, region):
        keys = {"AccessKeyId": TEST_KEYS["AWS_ACCESS_KEY_ID"],
                "SecretAccessKey": TEST_KEYS["AWS_SECRET_ACCESS_KEY"], "SessionToken": None}
        if account != HOME:
            keys = self.job.emulator.aws.sts.assume_role(
                RoleArn=f"arn:aws:iam::{account}:role/team", RoleSessionName="team")["Credentials"]
        config = botocore.config.Config(region_name=region, proxies={}, read_timeout=40,
                                        retries={"total_max_attempts": 1})
        made = {name: aws_session().client(
            name, endpoint_url=self.endpoint, config=config,
            aws_access_key_id=keys["AccessKeyId"], aws_secret_access_key=keys["SecretAccessKey"],
            aws_session_token=keys["SessionToken"]) for name in ("ecs", "sqs")}
        return types.SimpleNamespace(**made)

    def map_shards(self, at_once):
        hub = self.job.emulator.aws
        url = hub.sqs.create_queue(QueueName="shards", Attributes={
            "VisibilityTimeout": "120", "MessageRetentionPeriod": "60"})["QueueUrl"]
        arn = hub.sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])
        mapping = hub.lambda_.create_event_source_mapping(
            EventSourceArn=arn["Attributes"]["QueueArn"], FunctionName=self.job.FUNCTION,
            BatchSize=1, FunctionResponseTypes=["ReportBatchItemFailures"],
            ScalingConfig={"MaximumConcurrency": at_once})
        wait_until(lambda: hub.lambda_.get_event_source_mapping(
            UUID=mapping["UUID"])["State"] == "Enabled", timeout=30, what="the mapping of shards")

    def add(self, name, place, key=None, tags=None):
        """A service with its queue; `key` is what it is called here, if not by its name."""
        key = key or name
        clients = self.clients[place]
        self.places[key] = place
        self.urls[key] = clients.sqs.create_queue(QueueName=f"jobs-{name}")["QueueUrl"]
        tags = {"ecs-scaler:queue": f"jobs-{name}", "ecs-scaler:policy": POLICY} \
            if tags is None else tags
        self.arns[key] = clients.ecs.create_service(
            cluster=CLUSTER, serviceName=name, taskDefinition="worker", desiredCount=0,
            tags=[{"key": tag, "value": value} for tag, value in tags.items()]
        )["service"]["serviceArn"]
        return key

    def fill(self, count):
        """So many services in turn over the places, and a twin in each; their names."""
        names = [self.add(f"s{i:04}", PLACES[i % len(PLACES)]) for i in range(count)]
        return names + [self.add("twin", place, "twin " + " ".join(place)) for place in PLACES]

    def ecs_of(self, key):
        return self.clients[self.places[key]].ecs

    def tag(self, key, **tags):
        self.ecs_of(key).tag_resource(resourceArn=self.arns[key], tags=[
            {"key": f"ecs-scaler:{tag}", "value": value} for tag, value in tags.items()])

    def untag(self, key, *tags):
        self.ecs_of(key).untag_resource(resourceArn=self.arns[key],
                                        tagKeys=[f"ecs-scaler:{tag}" for tag in tags])

    def send(self, key, count=1):
        for start in range(0, count, 10):
            self.clients[self.places[key]].sqs.send_message_batch(
                QueueUrl=self.urls[key], Entries=[
                    {"Id": str(i), "MessageBody": "work"} for i in range(min(10, count - start))])

    def ring(self):
        """The doorbell, by ECS's own event of a deployment."""
        hub = self.job.emulator.aws.sqs
        hub.send_message(
            QueueUrl=hub.get_queue_url(QueueName="doorbell")["QueueUrl"],
            MessageBody=json.dumps({"source": "aws.ecs",
                                    "detail-type": "ECS Deployment State Change",
                                    "detail": {"eventName": "SERVICE_DEPLOYMENT_IN_PROGRESS"}}))

    def set_desired(self, key, count):
        self.ecs_of(key).update_service(cluster=CLUSTER, service=self.arns[key],
                                        desiredCount=count)

    def desired(self, key=None):
        """Of one service, or of all by what they are called here."""
        if key is not None:
            return self.ecs_of(key).describe_services(
                cluster=CLUSTER, services=[self.arns[key]])["services"][0]["desiredCount"]
        services = self.job.status()["services"]
        return {key: services[self.world_name(key)]["desired"] for key in self.arns}

    def world_name(self, key):
        account, region = self.places[key]
        name = self.arns[key].rsplit("/", 1)[1]
        if account != HOME:
            return f"{account}/{region}/{CLUSTER}/{name}"
        return f"{CLUSTER}/{name}" if region == REGIONS[0] else f"{region}/{CLUSTER}/{name}"

    def events(self):
        """Those that were not told yet."""
        page = self.job.emulator.call(f"events?after={self.last_event}")
        self.last_event = page["last"]
        return page["events"]

    def lines(self, message, since=None):
        return [line for line in self.job.function_lines() if line["message"] == message
                and (since is None or moment(line) >= since)]

    def whole_passes(self, since=None):
        """How often each shard was passed over, by place and range, where all of it was read."""
        passes = {}
        for line in self.lines("shard", since):
            if line["ShardUnread"] == 0:
                key = line["place"], line["from"], line["before"]
                passes[key] = passes.get(key, 0) + 1
        return passes

    def looked_after(self):
        """The most services that the shards together held in their last passes."""
        last = {}
        for line in self.lines("shard"):
            last[line["place"], line["from"], line["before"]] = line["ShardServices"]
        return sum(last.values())


def moment(line):
    return datetime.datetime.fromisoformat(line["timestamp"].replace("Z", "+00:00"))


def reactions(events):
    """Seconds from the first message of each service to the first change of its count."""
    sent, waited = {}, {}
    for event in events:
        name = event["subject"].rsplit("/", 1)[-1]
        if event["kind"] == "message_sent" and name.startswith("jobs-"):
            sent.setdefault(name.removeprefix("jobs-"), instant(event))
        elif event["kind"] == "desired_changed" and name in sent and name not in waited:
            waited[name] = (instant(event) - sent[name]).total_seconds()
    return waited
