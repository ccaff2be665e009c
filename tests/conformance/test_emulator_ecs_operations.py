"""The emulated ECS beside services: clusters' ends, task definitions, tasks of no service, tags,
what is kept and told. Every answer is checked against botocore's model."""

import functools

import pytest

from strict import error_of, watch
from support import REGION, wait_until

ARN = f"arn:aws:ecs:{REGION}:000000000000:"


@pytest.fixture
def aws(emulator):
    started = emulator(task_start="200ms", task_stop="100ms", work_time="100ms")
    watch(started.aws.ecs)
    return started


@pytest.fixture
def ecs(aws):
    return aws.aws.ecs


def register(ecs, family="app", environment=(), **more):
    container = {"name": "main", "image": "image:1", "environment": [
        {"name": name, "value": value} for name, value in environment]}
    return ecs.register_task_definition(family=family, containerDefinitions=[container],
                                        **more)["taskDefinition"]["taskDefinitionArn"]


def create(ecs, definition, name="web", desired=0, **more):
    return ecs.create_service(cluster="test", serviceName=name, taskDefinition=definition,
                              desiredCount=desired, **more)["service"]


def describe(ecs, name="web", **more):
    return ecs.describe_services(cluster="test", services=[name], **more)["services"][0]


def task(ecs, arn, **more):
    return ecs.describe_tasks(cluster="test", tasks=[arn], **more)["tasks"][0]


def wait_for(ecs, arn, status):
    wait_until(lambda: task(ecs, arn)["lastStatus"] == status, what=status)


def test_a_cluster_ends_when_nothing_is_in_it(ecs):
    register(ecs)
    create(ecs, "app", desired=1)
    assert error_of(ecs.delete_cluster, cluster="none") == ("ClusterNotFoundException", 400)
    assert error_of(ecs.delete_cluster, cluster="test")[0] == "ClusterContainsServicesException"
    for name in ("web", "worker"):
        ecs.delete_service(cluster="test", service=name, force=True)
    arn = ecs.run_task(cluster="test", taskDefinition="app")["tasks"][0]["taskArn"]
    assert error_of(ecs.delete_cluster, cluster="test")[0] == "ClusterContainsTasksException"
    ecs.stop_task(cluster="test", task=arn)
    wait_for(ecs, arn, "STOPPED")
    wait_until(lambda: describe(ecs)["status"] == "INACTIVE", what="the service's end")
    assert ecs.delete_cluster(cluster="test")["cluster"]["status"] == "INACTIVE"

    assert ecs.describe_clusters(clusters=["test"])["clusters"][0]["status"] == "INACTIVE"
    assert error_of(ecs.run_task, cluster="test",
                    taskDefinition="app")[0] == "ClusterNotFoundException"
    again = ecs.create_cluster(clusterName="test", tags=[{"key": "a", "value": "b"}])["cluster"]
    assert (again["status"], again["tags"]) == ("ACTIVE", [{"key": "a", "value": "b"}])
    assert create(ecs, "app")["status"] == "ACTIVE"


def test_a_cluster_keeps_its_fields(ecs):
    strategy = [{"capacityProvider": "FARGATE", "weight": 1, "base": 0}]
    settings = [{"name": "containerInsights", "value": "enabled"}]
    ecs.create_cluster(clusterName="c", settings=settings)
    ecs.put_cluster_capacity_providers(cluster="c", capacityProviders=["FARGATE"],
                                       defaultCapacityProviderStrategy=strategy)
    changed = [{"name": "containerInsights", "value": "disabled"}]
    ecs.update_cluster_settings(cluster="c", settings=changed)
    cluster = ecs.describe_clusters(clusters=["c"])["clusters"][0]
    assert (cluster["settings"], cluster["capacityProviders"],
            cluster["defaultCapacityProviderStrategy"]) == (changed, ["FARGATE"], strategy)
    assert error_of(ecs.put_cluster_capacity_providers, cluster="c", capacityProviders=["none"],
                    defaultCapacityProviderStrategy=[])[0] == "InvalidParameterException"
    # Its strategy is what tasks without a launch type are placed by.
    register(ecs)
    assert ecs.run_task(cluster="c", taskDefinition="app")["tasks"][0]["launchType"] == "FARGATE"


def test_task_definitions_are_listed_in_the_order_of_revisions(ecs):
    for _ in range(11):
        register(ecs)
    register(ecs, family="zoo")
    ecs.deregister_task_definition(taskDefinition="app:3")
    expected = [ARN + f"task-definition/app:{n}" for n in range(1, 12) if n != 3]
    listed = ecs.list_task_definitions(familyPrefix="app")["taskDefinitionArns"]
    assert listed == expected
    first = ecs.list_task_definitions(familyPrefix="app", maxResults=4)
    second = ecs.list_task_definitions(familyPrefix="app", nextToken=first["nextToken"])
    assert first["taskDefinitionArns"] + second["taskDefinitionArns"] == expected
    assert "nextToken" not in second
    assert ecs.list_task_definitions(
        familyPrefix="app", sort="DESC")["taskDefinitionArns"] == expected[::-1]
    assert ecs.list_task_definitions(
        status="INACTIVE")["taskDefinitionArns"] == [ARN + "task-definition/app:3"]
    assert ecs.list_task_definition_families()["families"] == ["app", "worker", "zoo"]
    ecs.deregister_task_definition(taskDefinition="zoo:1")
    assert ecs.list_task_definition_families(status="ACTIVE")["families"] == ["app", "worker"]
    assert ecs.list_task_definition_families(status="INACTIVE",
                                             familyPrefix="z")["families"] == ["zoo"]
    for arguments in ({"sort": "UP"}, {"status": "ODD"}, {"nextToken": "x"}, {"maxResults": 101}):
        assert error_of(ecs.list_task_definitions, **arguments)[0] == "InvalidParameterException"


def test_an_inactive_task_definition_starts_nothing_new(ecs):
    register(ecs)
    create(ecs, "app:1", desired=1)
    register(ecs)
    inactive = ecs.deregister_task_definition(taskDefinition="app:1")["taskDefinition"]
    assert inactive["status"] == "INACTIVE" and inactive["deregisteredAt"]
    for call, arguments in ((ecs.run_task, {"taskDefinition": "app:1"}),
                            (ecs.update_service, {"service": "web", "taskDefinition": "app:1"}),
                            (ecs.create_service, {"serviceName": "x", "taskDefinition": "app:1",
                                                  "desiredCount": 1})):
        assert error_of(call, cluster="test", **arguments) == ("ClientException", 400)
    # What runs by it goes on and can be scaled.
    ecs.update_service(cluster="test", service="web", desiredCount=2)
    wait_until(lambda: describe(ecs)["runningCount"] == 2, what="two tasks")
    assert ecs.describe_task_definition(taskDefinition="app")["taskDefinition"]["revision"] == 2
    ecs.deregister_task_definition(taskDefinition="app:2")
    assert error_of(ecs.describe_task_definition, taskDefinition="app")[0] == "ClientException"
    assert ecs.delete_task_definitions(
        taskDefinitions=["app:1"])["taskDefinitions"][0]["status"] == "DELETE_IN_PROGRESS"
    assert len(ecs.delete_task_definitions(taskDefinitions=["app:9", "app"])["failures"]) == 2


def test_tasks_of_no_service_run_until_they_are_stopped(ecs):
    register(ecs, tags=[{"key": "of", "value": "definition"}])
    answer = ecs.run_task(cluster="test", taskDefinition="app", count=2, startedBy="me",
                          launchType="FARGATE", propagateTags="TASK_DEFINITION",
                          tags=[{"key": "k", "value": "v"}])
    assert answer["failures"] == [] and len(answer["tasks"]) == 2
    first, second = [each["taskArn"] for each in answer["tasks"]]
    started = answer["tasks"][0]
    assert (started["lastStatus"], started["group"], started["startedBy"], started["launchType"]) \
        == ("PROVISIONING", "family:app", "me", "FARGATE")
    assert started["tags"] == [{"key": "k", "value": "v"}, {"key": "of", "value": "definition"}]
    [container] = started["containers"]
    assert (container["name"], container["image"], container["lastStatus"]) == ("main", "image:1",
                                                                                "PENDING")
    wait_for(ecs, first, "RUNNING")
    assert ecs.describe_clusters(clusters=["test"])["clusters"][0]["runningTasksCount"] == 2
    assert set(ecs.list_tasks(cluster="test", startedBy="me")["taskArns"]) == {first, second}
    assert ecs.list_tasks(cluster="test", startedBy="you")["taskArns"] == []
    assert ecs.list_tasks(cluster="test", serviceName="worker")["taskArns"] == []
    assert len(ecs.list_tasks(cluster="test", family="app", maxResults=1)["taskArns"]) == 1
    protection = ecs.update_task_protection(cluster="test", tasks=[first], protectionEnabled=True)
    assert [failure["reason"] for failure in protection["failures"]] == ["TASK_NOT_VALID"]

    stopped = ecs.stop_task(cluster="test", task=first, reason="enough")["task"]
    assert (stopped["desiredStatus"], stopped["stopCode"],
            stopped["stoppedReason"]) == ("STOPPED", "UserInitiated", "enough")
    wait_for(ecs, first, "STOPPED")
    assert task(ecs, first)["containers"][0]["lastStatus"] == "STOPPED"
    assert task(ecs, second)["lastStatus"] == "RUNNING"
    assert ecs.list_tasks(cluster="test")["taskArns"] == [second]
    assert ecs.list_tasks(cluster="test", desiredStatus="STOPPED")["taskArns"] == [first]


@pytest.mark.parametrize("arguments, code", [
    ({"taskDefinition": "none"}, "ClientException"),
    ({"count": 0}, "InvalidParameterException"),
    ({"count": 11}, "InvalidParameterException"),
    ({"launchType": "MOON"}, "InvalidParameterException"),
    ({"cluster": "none"}, "ClusterNotFoundException"),
    ({"startedBy": "x" * 129}, "InvalidParameterException"),
    ({"tags": [{"key": "aws:x", "value": ""}]}, "InvalidParameterException"),
    ({"overrides": {"containerOverrides": [{"name": "none"}]}}, "InvalidParameterException"),
])
def test_refuses_to_run(ecs, arguments, code):
    register(ecs)
    assert error_of(ecs.run_task,
                    **{"cluster": "test", "taskDefinition": "app", **arguments}) == (code, 400)
    assert ecs.list_tasks(cluster="test")["taskArns"] == []


def test_emulated_workers_follow_the_task_definition(aws, ecs):
    """One without SQS_QUEUE_URL has none; another queue is another's work."""
    sqs = aws.aws.sqs
    mine = sqs.create_queue(QueueName="mine")["QueueUrl"]
    register(ecs, family="idle")
    register(ecs, family="mine", environment=[("SQS_QUEUE_URL", mine)])
    ecs.update_service(cluster="test", service="worker", desiredCount=2)
    aws.send(2)
    wait_until(lambda: aws.depth() == (0, 0, 0), what="the work")

    answer = ecs.update_service(cluster="test", service="worker", taskDefinition="idle",
                                desiredCount=3)["service"]
    assert answer["desiredCount"] == 3
    wait_until(lambda: describe(ecs, "worker")["deployments"][0]["rolloutState"] == "COMPLETED",
               what="the deployment")
    tasks = ecs.describe_tasks(cluster="test", tasks=ecs.list_tasks(cluster="test")["taskArns"])
    assert [each["taskDefinitionArn"] for each in tasks["tasks"]] == [
        ARN + "task-definition/idle:1"] * 3
    aws.send(2)
    assert aws.depth() == (2, 0, 0)

    ecs.update_service(cluster="test", service="worker", taskDefinition="mine")
    sqs.send_message(QueueUrl=mine, MessageBody="x")
    wait_until(lambda: aws.depth(mine) == (0, 0, 0), what="the work on the other queue")
    assert aws.depth() == (2, 0, 0)

    ecs.update_service(cluster="test", service="worker", taskDefinition="worker")
    wait_until(lambda: aws.depth() == (0, 0, 0), what="the rest")


def test_a_task_of_no_service_takes_from_its_own_queue(aws, ecs):
    mine = aws.aws.sqs.create_queue(QueueName="mine")["QueueUrl"]
    register(ecs)
    ecs.run_task(cluster="test", taskDefinition="app", overrides={"containerOverrides": [
        {"name": "main", "environment": [{"name": "SQS_QUEUE_URL", "value": mine}]}]})
    aws.send(1)
    aws.aws.sqs.send_message(QueueUrl=mine, MessageBody="x")
    wait_until(lambda: aws.depth(mine) == (0, 0, 0), what="the work")
    assert aws.depth() == (1, 0, 0)


def test_a_service_tells_what_it_was_given(ecs):
    register(ecs)
    given = {
        "loadBalancers": [{"targetGroupArn": "arn:x", "containerName": "main",
                           "containerPort": 80}],
        "serviceRegistries": [{"registryArn": "arn:r", "port": 1}],
        "placementStrategy": [{"type": "spread", "field": "attribute:ecs.availability-zone"}],
        "networkConfiguration": {"awsvpcConfiguration": {"subnets": ["s"],
                                                         "assignPublicIp": "DISABLED"}},
        "platformVersion": "1.4.0", "healthCheckGracePeriodSeconds": 7,
        "enableECSManagedTags": True, "propagateTags": "SERVICE", "enableExecuteCommand": True}
    made = create(ecs, "app", desired=1, launchType="FARGATE", role="arn:aws:iam::1:role/x",
                  deploymentConfiguration={"minimumHealthyPercent": 50}, **given,
                  tags=[{"key": "k", "value": "v"}])
    assert made["events"] == []
    service = describe(ecs)
    assert {name: service[name] for name in given} == given
    assert service["roleArn"] == "arn:aws:iam::1:role/x"
    assert service["deploymentConfiguration"] == {"minimumHealthyPercent": 50,
                                                  "maximumPercent": 200}
    [arn] = ecs.list_tasks(cluster="test", serviceName="web")["taskArns"]
    assert task(ecs, arn, include=["TAGS"])["tags"] == [{"key": "k", "value": "v"}]

    before = service["deployments"][0]["id"]
    ecs.update_service(cluster="test", service="web", healthCheckGracePeriodSeconds=8)
    assert describe(ecs)["deployments"][0]["id"] == before
    after = ecs.update_service(cluster="test", service="web", loadBalancers=[])["service"]
    assert after["loadBalancers"] == [] and after["healthCheckGracePeriodSeconds"] == 8
    assert after["deployments"][0]["id"] != before


def test_a_task_of_fargate_has_a_network_of_its_own(ecs):
    with pytest.raises(ecs.exceptions.ClientException, match="Fargate only supports network mode"):
        ecs.register_task_definition(family="app", requiresCompatibilities=["FARGATE"], cpu="256",
                                     memory="512", networkMode="bridge",
                                     containerDefinitions=[{"name": "main", "image": "i"}])


def test_capacity_providers_stand_for_a_launch_type(ecs):
    register(ecs)
    strategy = [{"capacityProvider": "FARGATE_SPOT", "weight": 1, "base": 0}]
    for call, given in ((ecs.create_service, {"serviceName": "both", "desiredCount": 0}),
                        (ecs.run_task, {})):
        with pytest.raises(ecs.exceptions.InvalidParameterException, match="both a launch type"):
            call(cluster="test", taskDefinition="app", launchType="FARGATE",
                 capacityProviderStrategy=strategy, **given)
    made = create(ecs, "app", capacityProviderStrategy=strategy)
    assert made["capacityProviderStrategy"] == strategy and "launchType" not in made
    names = [each["name"] for each in ecs.describe_capacity_providers()["capacityProviders"]]
    assert names == ["FARGATE", "FARGATE_SPOT"]
    ecs.create_capacity_provider(name="mine", autoScalingGroupProvider={
        "autoScalingGroupArn": "arn:asg"})
    ecs.put_cluster_capacity_providers(cluster="test", capacityProviders=["mine"],
                                       defaultCapacityProviderStrategy=[])
    assert error_of(ecs.delete_capacity_provider, capacityProvider="mine")[0] == "ClientException"
    ecs.put_cluster_capacity_providers(cluster="test", capacityProviders=[],
                                       defaultCapacityProviderStrategy=[])
    ecs.delete_capacity_provider(capacityProvider="mine")
    assert error_of(ecs.create_capacity_provider, name="fargate-x", autoScalingGroupProvider={
        "autoScalingGroupArn": "arn:asg"})[0] == "InvalidParameterException"


def test_everything_that_has_an_arn_has_tags(ecs):
    definition = register(ecs)
    service = create(ecs, "app", desired=1)["serviceArn"]
    single = ecs.run_task(cluster="test", taskDefinition="app")["tasks"][0]["taskArn"]
    [of_service] = ecs.list_tasks(cluster="test", serviceName="web")["taskArns"]
    for arn in (ARN + "cluster/test", definition, service, single, of_service):
        assert ecs.list_tags_for_resource(resourceArn=arn)["tags"] == []
        ecs.tag_resource(resourceArn=arn, tags=[{"key": "a", "value": "1"},
                                                {"key": "b", "value": "2"}])
        ecs.untag_resource(resourceArn=arn, tagKeys=["a"])
        assert ecs.list_tags_for_resource(resourceArn=arn)["tags"] == [{"key": "b", "value": "2"}]
    assert task(ecs, single, include=["TAGS"])["tags"] == [{"key": "b", "value": "2"}]
    assert "tags" not in task(ecs, single)
    assert ecs.describe_task_definition(taskDefinition="app",
                                        include=["TAGS"])["tags"] == [{"key": "b", "value": "2"}]
    assert error_of(ecs.tag_resource, resourceArn=ARN + "task/test/" + "0" * 32, tags=[
        {"key": "a", "value": "1"}])[0] == "ResourceNotFoundException"
    assert error_of(ecs.tag_resource, resourceArn=ARN + "task-definition/none:1", tags=[
        {"key": "a", "value": "1"}])[0] == "ClientException"


def test_a_scale_in_keeps_the_zones_balanced(ecs):
    register(ecs)
    create(ecs, "app", desired=9)

    def zones():
        arns = ecs.list_tasks(cluster="test", serviceName="web")["taskArns"]
        found = [task(ecs, arn)["availabilityZone"] for arn in arns]
        return sorted(found.count(zone) for zone in {REGION + letter for letter in "abc"})

    assert zones() == [3, 3, 3]
    for desired, expected in ((7, [2, 2, 3]), (4, [1, 1, 2]), (2, [0, 1, 1])):
        ecs.update_service(cluster="test", service="web", desiredCount=desired)
        assert zones() == expected


def test_an_externally_deployed_service_starts_nothing(ecs):
    register(ecs)
    made = ecs.create_service(cluster="test", serviceName="ext", desiredCount=2,
                              deploymentController={"type": "EXTERNAL"})["service"]
    assert (made["taskSets"], made["deployments"]) == ([], [])
    with_set = ecs.create_task_set(cluster="test", service="ext", taskDefinition="app",
                                   scale={"value": 50, "unit": "PERCENT"})["taskSet"]
    assert (with_set["computedDesiredCount"], with_set["runningCount"]) == (1, 0)
    assert ecs.list_tasks(cluster="test", serviceName="ext")["taskArns"] == []
    create(ecs, "app")
    assert error_of(ecs.create_task_set, cluster="test", service="web",
                    taskDefinition="app")[0] == "InvalidParameterException"
    assert error_of(ecs.delete_task_set, cluster="test", service="ext",
                    taskSet="none")[0] == "TaskSetNotFoundException"


def test_a_request_that_is_sent_again_makes_nothing_more(ecs):
    register(ecs)
    wish = {"cluster": "test", "taskDefinition": "app", "clientToken": "once"}
    made = ecs.run_task(**wish)["tasks"]
    again = ecs.run_task(**wish)["tasks"]
    assert [one["taskArn"] for one in again] == [one["taskArn"] for one in made]
    assert ecs.list_tasks(cluster="test")["taskArns"] == [made[0]["taskArn"]]
    assert error_of(ecs.run_task, **wish, count=2) == ("ConflictException", 400)
    ecs.create_cluster(clusterName="other")
    assert ecs.run_task(**{**wish, "cluster": "other"})["tasks"][0]["clusterArn"].endswith("other")
    for token in ("a" * 65, "a b", "ä"):
        assert error_of(ecs.run_task, **{**wish, "clientToken": token}) == (
            "InvalidParameterException", 400)

    service = create(ecs, "app", clientToken="service")
    assert create(ecs, "app", clientToken="service")["serviceArn"] == service["serviceArn"]
    assert error_of(functools.partial(create, ecs, "app")) == ("InvalidParameterException", 400)


def test_arns_of_the_short_form_are_understood(ecs):
    register(ecs)
    create(ecs, "app", desired=1)
    wait_until(lambda: describe(ecs)["runningCount"] == 1, what="a task")
    [arn] = ecs.list_tasks(cluster="test", serviceName=ARN + "service/web")["taskArns"]
    short = f"{ARN}task/{arn.rpartition('/')[2]}"
    assert task(ecs, short)["taskArn"] == arn
    assert describe(ecs, ARN + "service/web")["serviceName"] == "web"
    assert ecs.update_service(cluster="test", service=ARN + "service/web",
                              desiredCount=0)["service"]["desiredCount"] == 0
    for other in (ARN + "service/other/web", ARN.replace(REGION, "eu-west-1") + "service/web"):
        assert error_of(ecs.update_service, cluster="test", service=other,
                        desiredCount=1)[0] == "ServiceNotFoundException"


def test_deployments_that_could_never_begin_are_refused(ecs):
    register(ecs)
    create(ecs, "app")
    for least, most in ((100, 100), (-1, 200), (50, 40)):
        bounds = {"minimumHealthyPercent": least, "maximumPercent": most}
        assert error_of(ecs.update_service, cluster="test", service="web",
                        deploymentConfiguration=bounds) == ("InvalidParameterException", 400)
        assert error_of(functools.partial(create, ecs, "app"), name="more",
                        deploymentConfiguration=bounds) == ("InvalidParameterException", 400)
    assert describe(ecs)["deploymentConfiguration"]["maximumPercent"] == 200


@pytest.mark.parametrize("name", ["None", "", "0" * 31, f"{ARN}task/test/None"])
def test_what_cannot_be_a_task_is_not_missing_but_wrong(ecs, name):
    for call, arguments in ((ecs.describe_tasks, {"tasks": ["0" * 32, name]}),
                            (ecs.stop_task, {"task": name})):
        with pytest.raises(ecs.exceptions.InvalidParameterException, match="taskId length"):
            call(cluster="test", **arguments)
