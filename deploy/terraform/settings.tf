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

  statements = concat(
    [
      { Sid = "ReadJobQueue", Effect = "Allow", Action = ["sqs:GetQueueAttributes"], Resource = [local.job_queue_arn] },
      { Sid = "ReadAndScaleService", Effect = "Allow", Action = ["ecs:DescribeServices", "ecs:UpdateService"], Resource = [local.service_arn] },
      {
        Sid       = "RememberState"
        Effect    = "Allow"
        Action    = ["ecs:TagResource", "ecs:UntagResource"]
        Resource  = [local.service_arn]
        Condition = { "ForAllValues:StringEquals" = { "aws:TagKeys" = ["ecs-scaler:state"] } }
      },
      { Sid = "WriteLogs", Effect = "Allow", Action = ["logs:CreateLogStream", "logs:PutLogEvents"], Resource = [local.log_streams] },
    ],
    var.tick_seconds == 0 ? [] : [
      { Sid = "SendTicks", Effect = "Allow", Action = ["sqs:SendMessage"], Resource = [local.tick_queue_arn] },
      { Sid = "ReceiveTicks", Effect = "Allow", Action = local.consume, Resource = [local.tick_queue_arn] },
    ],
    var.doorbell ? [
      { Sid = "ReceiveDoorbell", Effect = "Allow", Action = local.consume, Resource = [local.doorbell_arn] },
    ] : [],
    var.wake ? [
      { Sid = "WakeMapping", Effect = "Allow", Action = ["sqs:ReceiveMessage", "sqs:DeleteMessage"], Resource = [local.job_queue_arn] },
      { Sid = "HandBackMessages", Effect = "Allow", Action = ["sqs:ChangeMessageVisibility"], Resource = [local.job_queue_arn] },
      { Sid = "FindMappings", Effect = "Allow", Action = ["lambda:ListEventSourceMappings"], Resource = ["*"] },
      {
        Sid       = "SwitchMapping"
        Effect    = "Allow"
        Action    = ["lambda:UpdateEventSourceMapping"]
        Resource  = [local.mapping_arns]
        Condition = { ArnEquals = { "lambda:FunctionArn" = [local.function_arn] } }
      },
    ] : [],
  )

  policy = jsonencode({ Version = "2012-10-17", Statement = local.statements })
}
