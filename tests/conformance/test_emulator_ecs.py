"""The emulated ECS and STS, driven by boto3; every answer is checked against botocore's model."""

import pytest

from strict import error_of, unchecked_client, watch
from support import REGION, wait_until

ARN = f"arn:aws:ecs:{REGION}:000000000000:"


@pytest.fixture
def aws(emulator):
    started = emulator(task_start="200ms", task_stop="100ms", work_time="100ms")
    watch(started.aws.ecs)
    watch(started.aws.sts)
    return started


@pytest.fixture
def ecs(aws):
    return aws.aws.ecs


@pytest.fixture
def raw(aws):
    return unchecked_client("ecs", aws.endpoint)


@pytest.fixture
def definition(ecs):
    answer = ecs.register_task_definition(family="app",
                                          cpu="256",
                                          memory="512",
                                          networkMode="awsvpc",
                                          requiresCompatibilities=["FARGATE"],
                                          tags=[{
                                              "key": "a",
                                              "value": "b"
                                          }],
                                          containerDefinitions=[{
                                              "name": "main",
                                              "image": "image:1",
                                              "essential": True,
                                              "environment": [{
                                                  "name": "A",
                                                  "value": "1"
                                              }]
                                          }])
    assert answer["tags"] == [{"key": "a", "value": "b"}]
    return answer["taskDefinition"]["taskDefinitionArn"]


def create(ecs, definition, name="web", desired=0, **arguments):
    return ecs.create_service(cluster="test",
                              serviceName=name,
                              taskDefinition=definition,
                              desiredCount=desired,
                              launchType="FARGATE",
                              **arguments)["service"]


def describe(ecs, name="web", **arguments):
    return ecs.describe_services(cluster="test", services=[name], **arguments)["services"][0]


def wait_running(ecs, count, name="web"):
    wait_until(lambda: describe(ecs, name)["runningCount"] == count, what=f"{count} running tasks")


def test_clusters(ecs):
    made = ecs.create_cluster(clusterName="new", tags=[{"key": "k", "value": "v"}])["cluster"]
    assert made["clusterArn"] == ARN + "cluster/new"
    assert ecs.create_cluster(clusterName="new")["cluster"]["tags"] == made["tags"]
    assert ecs.create_cluster()["cluster"]["clusterName"] == "default"
    answer = ecs.describe_clusters(clusters=["new", made["clusterArn"], "none"], include=["TAGS"])
    assert [cluster["status"] for cluster in answer["clusters"]] == ["ACTIVE", "ACTIVE"]
    assert answer["failures"] == [{"arn": ARN + "cluster/none", "reason": "MISSING"}]
    assert ecs.list_clusters()["clusterArns"] == [
        ARN + f"cluster/{name}" for name in ("default", "new", "test")
    ]
    assert len(ecs.list_clusters(maxResults=2)["clusterArns"]) == 2
    assert error_of(ecs.create_cluster, clusterName="a b")[0] == "InvalidParameterException"
    assert error_of(ecs.describe_clusters, include=["NOPE"])[0] == "InvalidParameterException"


def test_task_definitions(ecs, definition):
    assert definition == ARN + "task-definition/app:1"
    ecs.register_task_definition(family="app", containerDefinitions=[{"name": "x", "image": "y"}])
    for name, revision in [("app", 2), ("app:1", 1), (definition, 1)]:
        found = ecs.describe_task_definition(taskDefinition=name,
                                             include=["TAGS"])["taskDefinition"]
        assert (found["family"], found["revision"], found["status"]) == ("app", revision, "ACTIVE")
    for name in ("none", "app:9", "app:x", "app:0"):
        assert error_of(ecs.describe_task_definition,
                        taskDefinition=name) == ("ClientException", 400)
    register = ecs.register_task_definition
    assert error_of(register, family="a b", containerDefinitions=[{
        "name": "x",
        "image": "y"
    }])[0] == ("ClientException")
    assert error_of(register, family="x", containerDefinitions=[])[0] == "ClientException"
    assert error_of(register, family="x", containerDefinitions=[{
        "name": "x"
    }])[0] == "ClientException"


def test_the_emulators_own_service(ecs):
    service = describe(ecs, "worker")
    assert (service["status"], service["desiredCount"],
            service["schedulingStrategy"]) == ("ACTIVE", 0, "REPLICA")
    assert [d["rolloutState"] for d in service["deployments"]] == ["COMPLETED"]
    assert "tags" not in service


def test_a_service_starts_scales_and_ends(ecs, definition):
    made = create(ecs, definition, desired=2, tags=[{"key": "k", "value": "v"}])
    assert made["serviceArn"] == ARN + "service/test/web"
    assert (made["desiredCount"], made["runningCount"], made["pendingCount"]) == (2, 0, 2)
    assert made["deployments"][0]["rolloutState"] == "IN_PROGRESS"
    wait_running(ecs, 2)
    service = describe(ecs, made["serviceArn"], include=["TAGS"])
    assert service["tags"] == [{"key": "k", "value": "v"}]
    assert "reached a steady state" in service["events"][0]["message"]
    updated = ecs.update_service(cluster=ARN + "cluster/test",
                                 service=made["serviceArn"],
                                 desiredCount=1)
    assert updated["service"]["desiredCount"] == 1
    assert len(updated["service"]["deployments"]) == 1, "scaling is no deployment"
    assert error_of(ecs.delete_service, cluster="test",
                    service="web")[0] == "InvalidParameterException"
    ecs.update_service(cluster="test", service="web", desiredCount=0)
    assert ecs.delete_service(cluster="test", service="web")["service"]["status"] == "DRAINING"
    wait_until(lambda: describe(ecs)["status"] == "INACTIVE", what="INACTIVE")
    assert error_of(ecs.update_service, cluster="test", service="web",
                    desiredCount=1) == ("ServiceNotActiveException", 400)
    assert ARN + "service/test/web" not in ecs.list_services(cluster="test")["serviceArns"]
    assert create(ecs, definition)["status"] == "ACTIVE", "the name is free again"


def test_force_deletes_a_running_service(ecs, definition):
    create(ecs, definition, desired=1)
    wait_running(ecs, 1)
    ecs.delete_service(cluster="test", service="web", force=True)
    assert error_of(ecs.create_service,
                    cluster="test",
                    serviceName="web",
                    taskDefinition=definition,
                    desiredCount=1)[0] == "InvalidParameterException"
    wait_until(lambda: describe(ecs)["status"] == "INACTIVE", what="INACTIVE")


def test_a_deployment_replaces_the_tasks(ecs, definition):
    create(ecs, definition, desired=1)
    wait_running(ecs, 1)
    [before] = ecs.list_tasks(cluster="test", serviceName="web")["taskArns"]
    service = ecs.update_service(cluster="test", service="web", forceNewDeployment=True)["service"]
    assert [d["status"] for d in service["deployments"]] == ["PRIMARY", "ACTIVE"]
    assert service["deployments"][0]["rolloutState"] == "IN_PROGRESS"
    wait_until(lambda: len(describe(ecs)["deployments"]) == 1, what="the end of the deployment")
    assert describe(ecs)["deployments"][0]["rolloutState"] == "COMPLETED"
    [after] = ecs.list_tasks(cluster="test", serviceName="web")["taskArns"]
    assert after != before
    second = ecs.register_task_definition(family="app",
                                          containerDefinitions=[{
                                              "name": "x",
                                              "image": "y"
                                          }])["taskDefinition"]
    updated = ecs.update_service(cluster="test", service="web", taskDefinition="app")["service"]
    assert updated["taskDefinition"] == second["taskDefinitionArn"]
    assert len(updated["deployments"]) == 2
    assert error_of(ecs.update_service, cluster="test", service="web",
                    taskDefinition="none")[0] == ("ClientException")


def test_tasks_are_listed_and_described(ecs, definition):
    create(ecs, definition, desired=3)
    arns = ecs.list_tasks(cluster="test", serviceName="web")["taskArns"]
    assert len(arns) == 3
    tasks = ecs.describe_tasks(cluster="test", tasks=[*arns, "0" * 32], include=["TAGS"])
    assert {task["lastStatus"] for task in tasks["tasks"]} <= {"PROVISIONING", "PENDING", "RUNNING"}
    assert [failure["reason"] for failure in tasks["failures"]] == ["MISSING"]
    wait_running(ecs, 3)
    [task] = ecs.describe_tasks(cluster="test", tasks=[arns[0].rpartition("/")[2]])["tasks"]
    assert (task["lastStatus"], task["group"]) == ("RUNNING", "service:web")
    assert task["startedAt"] > task["createdAt"]
    ecs.update_service(cluster="test", service="web", desiredCount=0)
    assert ecs.list_tasks(cluster="test", serviceName="web")["taskArns"] == []
    wait_until(lambda: len(ecs.describe_tasks(cluster="test", tasks=arns)["tasks"]) == 3 and all(
        task["lastStatus"] == "STOPPED"
        for task in ecs.describe_tasks(cluster="test", tasks=arns)["tasks"]),
               what="three stopped tasks")
    stopped = ecs.list_tasks(cluster="test",
                             serviceName="web",
                             desiredStatus="STOPPED",
                             maxResults=2)
    assert len(stopped["taskArns"]) == 2 and stopped["nextToken"]
    [task] = ecs.describe_tasks(cluster="test", tasks=[arns[0]])["tasks"]
    assert task["stopCode"] == "ServiceSchedulerInitiated" and task["stoppedAt"] >= task[
        "stoppingAt"]
    assert ecs.list_tasks(cluster="test", family="other")["taskArns"] == []
    assert error_of(ecs.list_tasks, cluster="test",
                    serviceName="none")[0] == "ServiceNotFoundException"
    assert error_of(ecs.list_tasks, cluster="test",
                    maxResults=101)[0] == "InvalidParameterException"
    assert error_of(ecs.describe_tasks, cluster="test", tasks=[])[0] == "InvalidParameterException"


def test_a_worker_protects_its_task_while_it_works(emulator):
    started = emulator(task_start="100ms", work_time="60s", workers_protect=True)
    ecs = watch(started.aws.ecs)
    ecs.update_service(cluster="test", service="worker", desiredCount=3)
    wait_until(lambda: started.tasks() == (3, 3), what="three running tasks")
    started.send(1)
    wait_until(lambda: started.depth() == (0, 1, 0), what="the message in flight")
    arns = ecs.list_tasks(cluster="test", serviceName="worker")["taskArns"]

    answer = ecs.get_task_protection(cluster="test", tasks=[*arns, "0" * 32])

    assert sorted(t["protectionEnabled"] for t in answer["protectedTasks"]) == [False, False, True]
    assert [failure["reason"] for failure in answer["failures"]] == ["MISSING"]
    assert error_of(ecs.get_task_protection, cluster="test",
                    tasks=[])[0] == "InvalidParameterException"
    assert error_of(ecs.get_task_protection, cluster="none",
                    tasks=arns)[0] == "ClusterNotFoundException"


def test_services_are_listed_in_pages(ecs, definition):
    for number in range(12):
        create(ecs, definition, name=f"s{number:02}")
    assert len(ecs.list_services(cluster="test")["serviceArns"]) == 10
    pages = list(
        ecs.get_paginator("list_services").paginate(cluster="test",
                                                    PaginationConfig={"PageSize": 5}))
    assert [len(page["serviceArns"]) for page in pages] == [5, 5, 3]
    assert ecs.list_services(cluster="test", launchType="EC2")["serviceArns"] == []
    names = [f"s{number:02}" for number in range(12)]
    assert error_of(ecs.describe_services, cluster="test",
                    services=names[:11])[0] == ("InvalidParameterException")
    assert len(ecs.describe_services(cluster="test", services=names[:10])["services"]) == 10
    assert error_of(ecs.describe_services, cluster="test",
                    services=[])[0] == "InvalidParameterException"


def test_missing_services_are_failures_and_missing_clusters_are_errors(ecs):
    answer = ecs.describe_services(cluster="test", services=["none", "worker"])
    assert answer["failures"] == [{"arn": ARN + "service/test/none", "reason": "MISSING"}]
    assert [service["serviceName"] for service in answer["services"]] == ["worker"]
    other = ARN + "service/other/worker"
    assert ecs.describe_services(cluster="test", services=[other])["failures"] == [{
        "arn": other,
        "reason": "MISSING"
    }]
    for call, arguments in [(ecs.describe_services, {
            "services": ["x"]
    }), (ecs.update_service, {
            "service": "x"
    }), (ecs.list_services, {}), (ecs.delete_service, {
            "service": "x"
    }), (ecs.list_tasks, {}), (ecs.describe_tasks, {
            "tasks": ["x"]
    })]:
        assert error_of(call, cluster="none", **arguments) == ("ClusterNotFoundException", 400)
        assert error_of(call,
                        **arguments) == ("ClusterNotFoundException", 400), "no default cluster"
    assert error_of(ecs.update_service, cluster="test", service="none",
                    desiredCount=1) == ("ServiceNotFoundException", 400)
    assert error_of(ecs.delete_service, cluster="test",
                    service="none")[0] == "ServiceNotFoundException"


def test_refuses_counts(ecs, raw):
    for count in (-1, 5001):
        assert error_of(ecs.update_service, cluster="test", service="worker",
                        desiredCount=count) == ("InvalidParameterException", 400)
    for count in ("1", 1.5, True, 2**40):
        assert error_of(raw.update_service, cluster="test", service="worker",
                        desiredCount=count)[0] == ("SerializationException")
    assert describe(ecs, "worker")["desiredCount"] == 0


def test_refuses_services(ecs, raw, definition):
    good = {"cluster": "test", "serviceName": "x", "taskDefinition": definition, "desiredCount": 0}
    for change in ({
            "serviceName": "a b"
    }, {
            "launchType": "MOON"
    }, {
            "schedulingStrategy": "X"
    }, {
            "desiredCount": -1
    }, {
            "desiredCount": None
    }, {
            "taskDefinition": None
    }, {
            "serviceName": None
    }):
        arguments = {**good, **change}
        code, _ = error_of(raw.create_service, **{
            k: v
            for k, v in arguments.items() if v is not None
        })
        assert code == "InvalidParameterException", change
    assert error_of(ecs.create_service, **{
        **good, "taskDefinition": "none"
    })[0] == "ClientException"
    ecs.create_service(**good)
    assert error_of(ecs.create_service, **good)[0] == "InvalidParameterException"


def test_a_daemon_has_no_desired_count(ecs, definition):
    service = ecs.create_service(cluster="test",
                                 serviceName="agent",
                                 taskDefinition=definition,
                                 schedulingStrategy="DAEMON")["service"]
    assert service["schedulingStrategy"] == "DAEMON"
    with pytest.raises(ecs.exceptions.InvalidParameterException) as caught:
        ecs.update_service(cluster="test", service="agent", desiredCount=1)
    assert "daemon scheduling strategy does not support a desired count" in str(caught.value)
    assert ecs.update_service(cluster="test", service="agent", forceNewDeployment=True)


def test_tags(ecs):
    arn = ARN + "service/test/worker"
    ecs.tag_resource(resourceArn=arn, tags=[{"key": "a", "value": "1"}, {"key": "b", "value": ""}])
    ecs.tag_resource(resourceArn=arn, tags=[{"key": "a", "value": "x_.:/=+-@ ä"}])
    assert ecs.list_tags_for_resource(resourceArn=arn)["tags"] == [{
        "key": "a",
        "value": "x_.:/=+-@ ä"
    }, {
        "key": "b",
        "value": ""
    }]
    ecs.untag_resource(resourceArn=arn, tagKeys=["b", "never"])
    assert describe(ecs, "worker", include=["TAGS"])["tags"] == [{
        "key": "a",
        "value": "x_.:/=+-@ ä"
    }]
    assert "tags" not in describe(ecs, "worker")
    cluster = ARN + "cluster/test"
    ecs.tag_resource(resourceArn=cluster, tags=[{"key": "c", "value": "2"}])
    assert ecs.list_tags_for_resource(resourceArn=cluster)["tags"] == [{"key": "c", "value": "2"}]


@pytest.mark.parametrize("tags", [[{
    "key": "",
    "value": "x"
}], [{
    "key": "k" * 129,
    "value": "x"
}], [{
    "key": "k",
    "value": "v" * 257
}], [{
    "key": "aws:x",
    "value": "x"
}], [{
    "key": "AWS:x",
    "value": "x"
}], [{
    "key": "k",
    "value": "a,b"
}], [{
    "key": "k",
    "value": "{}"
}], [{
    "key": "k",
    "value": "a;b"
}], [{
    "key": "k|",
    "value": "x"
}], [{
    "key": "k",
    "value": "©"
}], [], [{
    "key": "k",
    "value": "1"
}, {
    "key": "k",
    "value": "2"
}], [{
    "key": f"k{i}",
    "value": ""
} for i in range(51)]])
def test_refuses_tags(raw, tags):
    arn = ARN + "service/test/worker"
    assert error_of(raw.tag_resource, resourceArn=arn,
                    tags=tags) == ("InvalidParameterException", 400)
    assert raw.list_tags_for_resource(resourceArn=arn)["tags"] == []


def test_fifty_tags_with_the_longest_texts_fit(ecs):
    arn = ARN + "service/test/worker"
    tags = [{"key": f"{i:03}" + "ä" * 125, "value": "v" * 256} for i in range(50)]
    ecs.tag_resource(resourceArn=arn, tags=tags)
    assert len(describe(ecs, "worker", include=["TAGS"])["tags"]) == 50
    assert error_of(ecs.tag_resource, resourceArn=arn, tags=[{
        "key": "one",
        "value": "more"
    }])[0] == ("InvalidParameterException")


@pytest.mark.parametrize(
    "arn, code",
    [(ARN + "service/worker", "InvalidParameterException"),
     (ARN + "service/test/none", "ResourceNotFoundException"),
     (ARN + "cluster/none", "ClusterNotFoundException"), ("worker", "InvalidParameterException"),
     (f"arn:aws:ecs:{REGION}:111111111111:service/test/worker", "InvalidParameterException"),
     (f"arn:aws:sqs:{REGION}:000000000000:jobs", "InvalidParameterException")])
def test_refuses_resources_of_tags(ecs, arn, code):
    assert error_of(ecs.tag_resource, resourceArn=arn, tags=[{
        "key": "k",
        "value": "v"
    }]) == (code, 400)
    assert error_of(ecs.untag_resource, resourceArn=arn, tagKeys=["k"])[0] == code


def test_what_is_not_modelled_is_refused(raw, ecs):
    assert error_of(ecs.start_task, taskDefinition="app",
                    containerInstances=["i"])[0] == "UnknownOperationException"


def test_managed_instances_are_of_a_cluster(raw):
    assert error_of(raw.create_capacity_provider, name="x",
                    managedInstancesProvider={}) == ("InvalidParameterException", 400)


def test_workers_process_the_queue(aws, ecs):
    aws.send(20)
    ecs.update_service(cluster="test", service="worker", desiredCount=3)
    wait_until(lambda: aws.call("status")["totals"]["processed"] == 20,
               what="twenty processed messages")
    assert aws.depth() == (0, 0, 0)
    status = aws.call("status")
    assert status["totals"] == {
        "sent": 20,
        "processed": 20,
        "killed_while_working": 0,
        "dead_lettered": 0,
        "deleted_by_others": 0,
        "lost": 0
    }
    assert status["service"]["running"] == status["peak_tasks"] == 3
    assert status["task_seconds"] > 0


def test_a_service_takes_its_queue_from_its_task_definition(aws, ecs):
    url = aws.aws.sqs.create_queue(QueueName="mine")["QueueUrl"]
    definition = ecs.register_task_definition(family="mine",
                                              containerDefinitions=[{
                                                  "name": "x",
                                                  "image": "y",
                                                  "environment": [{
                                                      "name": "SQS_QUEUE_URL",
                                                      "value": url
                                                  }]
                                              }])
    create(ecs, definition["taskDefinition"]["taskDefinitionArn"], name="mine", desired=1)
    aws.aws.sqs.send_message(QueueUrl=url, MessageBody="x")
    wait_until(lambda: aws.call("status")["services"]["test/mine"]["processed"] == 1,
               what="the processed message")


def test_sts(aws):
    identity = aws.aws.sts.get_caller_identity()
    assert identity["Account"] == "000000000000"
    assert identity["Arn"].startswith("arn:aws:iam::000000000000:")
    assert error_of(aws.aws.sts.get_session_token) == ("InvalidAction", 400)
