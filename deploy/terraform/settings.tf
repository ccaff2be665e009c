# The function's environment and its policy: expressions only, so that they can be tested without a
# provider. `ecs-scaler iam` prints the same statements; a test compares them.

locals {
  # The names are known when it is planned, though the queues' URLs are not.
  triggers = merge(
    {
      SQS_QUEUE_URL    = local.job_queue_url
      ECS_CLUSTER_NAME = var.cluster
      ECS_SERVICE_NAME = var.service
      WAKE             = tostring(var.wake)
      SCHEDULE_SECONDS = var.monitoring_rate
      LOG_LEVEL        = var.log_level
    },
    local.ticks ? { TICK_QUEUE_URL = one(aws_sqs_queue.tick[*].url), TICK_SECONDS = tostring(var.tick_seconds) } : {},
    var.doorbell ? { DOORBELL_QUEUE_URL = one(aws_sqs_queue.doorbell[*].url) } : {},
    var.metrics == "" ? {} : { METRICS = var.metrics },
  )
  settings    = merge(local.policy_variables, var.environment)
  environment = merge(local.triggers, local.settings)
  mode        = lookup(local.settings, "MODE", "fixed")
  # Without a maximum a large backlog is many tasks.
  missing = setsubtract(lookup({
    backlog = ["BACKLOG_PER_TASK", "TASKS_MAX"]
    latency = ["TARGET_LATENCY", "SECONDS_PER_MESSAGE", "TASKS_MAX"]
  }, local.mode, []), keys(local.settings))
  protection = lookup(local.settings, "SCALE_IN_WHEN", "") == "protected"
  capacity   = lookup(local.settings, "CAPACITY", "follow")
  group      = var.auto_scaling_group != "" && local.capacity != "off"
  provider   = (var.auto_scaling_group != "" || var.capacity_provider != "") && local.capacity != "off"
  owned      = local.group && local.capacity == "own"
  in_vpc     = length(var.subnet_ids) > 0

  cluster_arn  = "arn:${local.partition}:ecs:${local.region}:${local.account}:cluster/${var.cluster}"
  task_arns    = "arn:${local.partition}:ecs:${local.region}:${local.account}:task/${var.cluster}/*"
  service_arn  = "arn:${local.partition}:ecs:${local.region}:${local.account}:service/${var.cluster}/${var.service}"
  function_arn = "arn:${local.partition}:lambda:${local.region}:${local.account}:function:${var.name}-scaler"
  mapping_arns = "arn:${local.partition}:lambda:${local.region}:${local.account}:event-source-mapping:*"
  log_streams  = "arn:${local.partition}:logs:${local.region}:${local.account}:log-group:/aws/lambda/${var.name}-scaler:*"
  provider_arn = "arn:${local.partition}:ecs:${local.region}:${local.account}:capacity-provider/${var.capacity_provider == "" ? "*" : var.capacity_provider}"
  group_arn    = "arn:${local.partition}:autoscaling:${local.region}:${local.account}:autoScalingGroup:*:autoScalingGroupName/${var.auto_scaling_group}"
  instances    = "arn:${local.partition}:ecs:${local.region}:${local.account}:container-instance/${var.cluster}/*"
  read_group   = ["autoscaling:DescribeAutoScalingGroups", "autoscaling:DescribePolicies", "autoscaling:DescribeScalingActivities", "ecs:DescribeTaskDefinition"]
  consume      = ["sqs:ReceiveMessage", "sqs:DeleteMessage", "sqs:GetQueueAttributes"]
  interfaces   = ["ec2:CreateNetworkInterface", "ec2:DeleteNetworkInterface", "ec2:AssignPrivateIpAddresses", "ec2:UnassignPrivateIpAddresses"]

  ticks = var.tick_seconds != 0
  grants = [
    { when = true, sid = "ReadJobQueue", on = local.job_queue_arn, actions = ["sqs:GetQueueAttributes"], given = {} },
    { when = true, sid = "ReadAndScaleService", on = local.service_arn, actions = ["ecs:DescribeServices", "ecs:UpdateService"], given = {} },
    { when = true, sid = "RememberState", on = local.service_arn, actions = ["ecs:TagResource", "ecs:UntagResource"],
    given = { "ForAllValues:StringEquals" = { "aws:TagKeys" = ["ecs-scaler:state"] } } },
    { when = local.protection, sid = "ListTasks", on = "*", actions = ["ecs:ListTasks"],
    given = { ArnEquals = { "ecs:cluster" = [local.cluster_arn] } } },
    { when = local.protection, sid = "ReadTaskProtection", on = local.task_arns, actions = ["ecs:GetTaskProtection"], given = {} },
    { when = local.provider, sid = "ReadCapacityProvider", on = local.provider_arn, actions = ["ecs:DescribeCapacityProviders"], given = {} },
    { when = local.group, sid = "ReadGroup", on = "*", actions = local.read_group, given = {} },
    { when = local.group, sid = "StartInstances", on = local.group_arn, actions = ["autoscaling:SetDesiredCapacity"], given = {} },
    { when = local.owned, sid = "ListInstances", on = local.cluster_arn, actions = ["ecs:ListContainerInstances"], given = {} },
    { when = local.owned, sid = "ListWorkOnInstances", on = "*", actions = ["ecs:DescribeServices", "ecs:ListServices", "ecs:ListTasks"],
    given = { ArnEquals = { "ecs:cluster" = [local.cluster_arn] } } },
    { when = local.owned, sid = "ReadWorkOnInstances", on = local.task_arns, actions = ["ecs:DescribeTasks"], given = {} },
    { when = local.owned, sid = "DrainInstances", on = local.instances, actions = ["ecs:DescribeContainerInstances", "ecs:UpdateContainerInstancesState"], given = {} },
    { when = local.owned, sid = "MarkInstances", on = local.instances, actions = ["ecs:TagResource", "ecs:UntagResource"],
    given = { "ForAllValues:StringEquals" = { "aws:TagKeys" = ["ecs-scaler:instance"] } } },
    { when = local.owned, sid = "EndInstances", on = local.group_arn, actions = ["autoscaling:TerminateInstanceInAutoScalingGroup"], given = {} },
    { when = true, sid = "WriteLogs", on = local.log_streams, actions = ["logs:CreateLogStream", "logs:PutLogEvents"], given = {} },
    { when = local.ticks, sid = "SendTicks", on = local.tick_queue_arn, actions = ["sqs:SendMessage"], given = {} },
    { when = local.ticks, sid = "ReceiveTicks", on = local.tick_queue_arn, actions = local.consume, given = {} },
    { when = var.doorbell, sid = "ReceiveDoorbell", on = local.doorbell_arn, actions = local.consume, given = {} },
    { when = var.wake, sid = "WakeMapping", on = local.job_queue_arn, actions = ["sqs:ReceiveMessage", "sqs:DeleteMessage"], given = {} },
    { when = var.wake, sid = "HandBackMessages", on = local.job_queue_arn, actions = ["sqs:ChangeMessageVisibility"], given = {} },
    { when = var.wake, sid = "FindMappings", on = "*", actions = ["lambda:ListEventSourceMappings"], given = {} },
    { when = var.wake, sid = "SwitchMapping", on = local.mapping_arns, actions = ["lambda:UpdateEventSourceMapping"],
    given = { ArnEquals = { "lambda:FunctionArn" = [local.function_arn, "${local.function_arn}:*"] } } },
    { when = local.in_vpc, sid = "AttachToVpc", on = "*", actions = concat(local.interfaces, ["ec2:DescribeNetworkInterfaces", "ec2:DescribeSubnets"]), given = {} },
    # Lambda attaches the function with its role; its code has nothing to attach.
    { when = local.in_vpc, effect = "Deny", sid = "NoInterfacesFromCode", on = "*", actions = local.interfaces,
    given = { ArnEquals = { "lambda:SourceFunctionArn" = [local.function_arn] } } },
    { when = var.kms_key_arn != null, sid = "UseKey", on = var.kms_key_arn, actions = ["kms:Decrypt", "kms:GenerateDataKey"], given = {} },
  ]
  statements = [for grant in local.grants : merge(
    { Sid = grant.sid, Effect = lookup(grant, "effect", "Allow"), Action = grant.actions, Resource = [grant.on] },
    { for name, condition in { Condition = grant.given } : name => condition if length(condition) > 0 },
  ) if grant.when]

  policy = jsonencode({ Version = "2012-10-17", Statement = local.statements })
}
