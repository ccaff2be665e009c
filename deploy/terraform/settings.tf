# The function's environment and its policy: expressions only, so that they can be tested without a
# provider. `ecs-scaler iam` prints the same statements; a test compares them.

locals {
  environment = { for name, value in {
    SQS_QUEUE_URL        = local.job_queue_url
    ECS_CLUSTER_NAME     = var.cluster
    ECS_SERVICE_NAME     = var.service
    SCALE_UP_TARGET      = var.mode == "backlog" ? null : tostring(var.scale_up_target)
    SCALE_DOWN_THRESHOLD = tostring(var.scale_down_threshold)
    MODE                 = var.mode
    BACKLOG_PER_TASK     = var.mode == "backlog" ? tostring(var.backlog_per_task) : null
    TASKS_MAX            = var.mode == "backlog" ? tostring(var.tasks_max) : null
    WAKE                 = tostring(var.wake)
    SCHEDULE_SECONDS     = var.monitoring_rate
    TICK_QUEUE_URL       = one(aws_sqs_queue.tick[*].url)
    TICK_SECONDS         = var.tick_seconds == 0 ? null : tostring(var.tick_seconds)
    DOORBELL_QUEUE_URL   = one(aws_sqs_queue.doorbell[*].url)
    METRICS              = var.metrics == "" ? null : var.metrics
    LOG_LEVEL            = var.log_level
  } : name => value if value != null }

  service_arn  = "arn:${local.partition}:ecs:${local.region}:${local.account}:service/${var.cluster}/${var.service}"
  function_arn = "arn:${local.partition}:lambda:${local.region}:${local.account}:function:${var.name}-scaler"
  mapping_arns = "arn:${local.partition}:lambda:${local.region}:${local.account}:event-source-mapping:*"
  log_streams  = "arn:${local.partition}:logs:${local.region}:${local.account}:log-group:/aws/lambda/${var.name}-scaler:*"
  consume      = ["sqs:ReceiveMessage", "sqs:DeleteMessage", "sqs:GetQueueAttributes"]

  ticks = var.tick_seconds != 0
  grants = [
    { when = true, sid = "ReadJobQueue", on = local.job_queue_arn, actions = ["sqs:GetQueueAttributes"], if = {} },
    { when = true, sid = "ReadAndScaleService", on = local.service_arn, actions = ["ecs:DescribeServices", "ecs:UpdateService"], if = {} },
    { when = true, sid = "RememberState", on = local.service_arn, actions = ["ecs:TagResource", "ecs:UntagResource"],
    if = { "ForAllValues:StringEquals" = { "aws:TagKeys" = ["ecs-scaler:state"] } } },
    { when = true, sid = "WriteLogs", on = local.log_streams, actions = ["logs:CreateLogStream", "logs:PutLogEvents"], if = {} },
    { when = local.ticks, sid = "SendTicks", on = local.tick_queue_arn, actions = ["sqs:SendMessage"], if = {} },
    { when = local.ticks, sid = "ReceiveTicks", on = local.tick_queue_arn, actions = local.consume, if = {} },
    { when = var.doorbell, sid = "ReceiveDoorbell", on = local.doorbell_arn, actions = local.consume, if = {} },
    { when = var.wake, sid = "WakeMapping", on = local.job_queue_arn, actions = ["sqs:ReceiveMessage", "sqs:DeleteMessage"], if = {} },
    { when = var.wake, sid = "HandBackMessages", on = local.job_queue_arn, actions = ["sqs:ChangeMessageVisibility"], if = {} },
    { when = var.wake, sid = "FindMappings", on = "*", actions = ["lambda:ListEventSourceMappings"], if = {} },
    { when = var.wake, sid = "SwitchMapping", on = local.mapping_arns, actions = ["lambda:UpdateEventSourceMapping"],
    if = { ArnEquals = { "lambda:FunctionArn" = [local.function_arn, "${local.function_arn}:*"] } } },
  ]
  statements = [for grant in local.grants : merge(
    { Sid = grant.sid, Effect = "Allow", Action = grant.actions, Resource = [grant.on] },
    { for name, condition in { Condition = grant.if } : name => condition if length(condition) > 0 },
  ) if grant.when]

  policy = jsonencode({ Version = "2012-10-17", Statement = local.statements })
}
