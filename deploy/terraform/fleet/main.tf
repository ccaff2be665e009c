# One scaler for every ECS service of this account and region that carries the tag ecs-scaler:queue: the
# same as deploy/cloudformation/fleet.yaml makes.

data "aws_caller_identity" "current" {}
data "aws_region" "current" {}
data "aws_partition" "current" {}

locals {
  partition = data.aws_partition.current.partition
  region    = data.aws_region.current.name
  account   = data.aws_caller_identity.current.account_id
  place     = "${local.region}:${local.account}"
  queues    = "arn:${local.partition}:sqs:${local.place}:${var.fleet_queues}"
  function  = "arn:${local.partition}:lambda:${local.place}:function:${var.name}-scaler"

  environment = merge(
    {
      FLEET            = var.fleet_file == "" ? "tags" : var.fleet_file
      FLEET_TASKS_MAX  = tostring(var.fleet_tasks_max)
      FLEET_QUEUES     = var.fleet_queues
      FLEET_CLUSTERS   = var.fleet_clusters
      WAKE             = tostring(var.wake)
      SCHEDULE_SECONDS = var.monitoring_rate
      TICK_QUEUE_URL   = aws_sqs_queue.tick.url
      TICK_SECONDS     = tostring(var.tick_seconds)
      LOG_LEVEL        = var.log_level
    },
    # A file names its accounts itself, and the function refuses a list beside it: then the list is for the role alone.
    length(var.fleet_accounts) == 0 || var.fleet_file != "" ? {} : { FLEET_ACCOUNTS = jsonencode([for account in var.fleet_accounts :
    { for name, value in account : name => value if value != null }]) },
    var.shards == 0 ? {} : {
      FLEET_SHARD_QUEUE_URL = one(aws_sqs_queue.shard[*].url)
      FLEET_SHARD_SERVICES  = tostring(var.shard_services)
    },
    var.fleet_profiles == null ? {} : { FLEET_PROFILES = try(tostring(var.fleet_profiles), jsonencode(var.fleet_profiles)) },
    var.metrics == "" ? {} : { METRICS = var.metrics },
    var.paused ? { PAUSED = "true" } : {},
    var.environment,
  )

  of_shards = ["OrderShards", "ReceiveShards"]
  of_wakes  = ["WakeMapping", "HandBackMessages", "FindMappings", "SwitchMapping"]
  of_vpcs   = ["AttachToVpc", "NoInterfacesFromCode"]
  of_keys   = ["UseKey"]
  left_out = concat(
    var.shards == 0 ? local.of_shards : [],
    var.wake ? [] : local.of_wakes,
    length(var.subnet_ids) == 0 ? local.of_vpcs : [],
    var.kms_key_arn == null ? local.of_keys : [],
  )
  statements = concat(module.policy.statements, [for one in local.own_statements : one if !contains(local.left_out, one.Sid)])
  own_statements = [
    {
      Sid      = "WriteLogs"
      Effect   = "Allow"
      Action   = ["logs:CreateLogStream", "logs:PutLogEvents"]
      Resource = ["arn:${local.partition}:logs:${local.place}:log-group:/aws/lambda/${var.name}-scaler:*"]
    },
    {
      Sid      = "SendTicks"
      Effect   = "Allow"
      Action   = ["sqs:SendMessage"]
      Resource = [aws_sqs_queue.tick.arn]
    },
    {
      Sid      = "ReceiveTicks"
      Effect   = "Allow"
      Action   = ["sqs:ReceiveMessage", "sqs:DeleteMessage", "sqs:GetQueueAttributes"]
      Resource = [aws_sqs_queue.tick.arn]
    },
    {
      Sid      = "OrderShards"
      Effect   = "Allow"
      Action   = ["sqs:SendMessage"]
      Resource = aws_sqs_queue.shard[*].arn
    },
    {
      Sid      = "ReceiveShards"
      Effect   = "Allow"
      Action   = ["sqs:ReceiveMessage", "sqs:DeleteMessage", "sqs:GetQueueAttributes"]
      Resource = aws_sqs_queue.shard[*].arn
    },
    {
      Sid      = "WakeMapping"
      Effect   = "Allow"
      Action   = ["sqs:ReceiveMessage", "sqs:DeleteMessage", "sqs:GetQueueAttributes"]
      Resource = [local.queues]
    },
    {
      Sid      = "HandBackMessages"
      Effect   = "Allow"
      Action   = ["sqs:ChangeMessageVisibility"]
      Resource = [local.queues]
    },
    {
      Sid      = "FindMappings"
      Effect   = "Allow"
      Action   = ["lambda:ListEventSourceMappings"]
      Resource = ["*"]
    },
    {
      Sid       = "SwitchMapping"
      Effect    = "Allow"
      Action    = ["lambda:UpdateEventSourceMapping"]
      Resource  = ["arn:${local.partition}:lambda:${local.place}:event-source-mapping:*"]
      Condition = { ArnEquals = { "lambda:FunctionArn" = [local.function, "${local.function}:*"] } }
    },
    {
      Sid      = "AttachToVpc"
      Effect   = "Allow"
      Action   = ["ec2:CreateNetworkInterface", "ec2:DescribeNetworkInterfaces", "ec2:DescribeSubnets", "ec2:DeleteNetworkInterface", "ec2:AssignPrivateIpAddresses", "ec2:UnassignPrivateIpAddresses"]
      Resource = ["*"]
    },
    # Lambda attaches the function with its role; its code has nothing to attach.
    {
      Sid       = "NoInterfacesFromCode"
      Effect    = "Deny"
      Action    = ["ec2:CreateNetworkInterface", "ec2:DeleteNetworkInterface", "ec2:AssignPrivateIpAddresses", "ec2:UnassignPrivateIpAddresses"]
      Resource  = ["*"]
      Condition = { ArnEquals = { "lambda:SourceFunctionArn" = [local.function] } }
    },
    {
      Sid      = "UseKey"
      Effect   = "Allow"
      Action   = ["kms:Decrypt", "kms:GenerateDataKey"]
      Resource = [var.kms_key_arn]
    },
  ]
}

module "policy" {
  source         = "../fleet-policy"
  partition      = local.partition
  place          = local.place
  fleet_queues   = var.fleet_queues
  fleet_clusters = var.fleet_clusters
  fleet_groups   = var.fleet_groups
  tagged         = var.fleet_file == ""
  fleet_file     = var.fleet_file
  roles          = compact(var.fleet_accounts[*].role)
}

resource "aws_sqs_queue" "tick" {
  name                       = "${var.name}-ticks"
  tags                       = var.tags
  visibility_timeout_seconds = 60
  message_retention_seconds  = 150
  sqs_managed_sse_enabled    = var.kms_key_arn == null ? true : null
  kms_master_key_id          = var.kms_key_arn
}

resource "aws_sqs_queue" "shard" {
  count                      = var.shards == 0 ? 0 : 1
  name                       = "${var.name}-shards"
  tags                       = var.tags
  visibility_timeout_seconds = 60
  message_retention_seconds  = 60
  sqs_managed_sse_enabled    = var.kms_key_arn == null ? true : null
  kms_master_key_id          = var.kms_key_arn
}

resource "aws_cloudwatch_log_group" "scaler" {
  name              = "/aws/lambda/${var.name}-scaler"
  retention_in_days = var.log_retention_days
  kms_key_id        = var.kms_key_arn
  tags              = var.tags
}

resource "aws_iam_role" "scaler" {
  permissions_boundary = var.permissions_boundary
  tags                 = var.tags
  assume_role_policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Effect    = "Allow"
      Principal = { Service = "lambda.amazonaws.com" }
      Action    = "sts:AssumeRole"
    }]
  })
}

resource "aws_iam_role_policy" "scaler" {
  name   = "scaler"
  role   = aws_iam_role.scaler.id
  policy = jsonencode({ Version = "2012-10-17", Statement = local.statements })
}

resource "aws_lambda_function" "scaler" {
  depends_on                     = [aws_cloudwatch_log_group.scaler, aws_iam_role_policy.scaler]
  function_name                  = "${var.name}-scaler"
  filename                       = var.zip
  source_code_hash               = filebase64sha256(var.zip)
  runtime                        = "provided.al2023"
  handler                        = "bootstrap"
  architectures                  = [var.architecture]
  memory_size                    = 128
  timeout                        = 30
  role                           = aws_iam_role.scaler.arn
  kms_key_arn                    = var.kms_key_arn
  reserved_concurrent_executions = var.reserved_concurrency
  tags                           = var.tags

  environment {
    variables = local.environment
  }

  dynamic "vpc_config" {
    for_each = length(var.subnet_ids) == 0 ? [] : [true]
    content {
      subnet_ids         = var.subnet_ids
      security_group_ids = var.security_group_ids
    }
  }

  lifecycle {
    precondition {
      condition     = !strcontains(basename(var.zip), var.architecture == "arm64" ? "x86_64" : "arm64")
      error_message = "zip is ${var.zip}, and architecture is ${var.architecture}: give bootstrap-${var.architecture}.zip."
    }
    precondition {
      condition     = (length(var.subnet_ids) == 0) == (length(var.security_group_ids) == 0)
      error_message = "subnet_ids and security_group_ids are given together, or neither."
    }
  }
}

# A pass that failed is not tried again: the next one is a minute away at most.
resource "aws_lambda_function_event_invoke_config" "scaler" {
  function_name                = aws_lambda_function.scaler.function_name
  qualifier                    = "$LATEST"
  maximum_retry_attempts       = 0
  maximum_event_age_in_seconds = 60
}

resource "aws_cloudwatch_event_rule" "schedule" {
  name                = "${var.name}-schedule"
  tags                = var.tags
  description         = "Starts a full pass of the scaler"
  schedule_expression = var.monitoring_rate
  state               = "ENABLED"
}

resource "aws_cloudwatch_event_target" "schedule" {
  rule      = aws_cloudwatch_event_rule.schedule.name
  target_id = "scaler"
  arn       = aws_lambda_function.scaler.arn
}

resource "aws_lambda_permission" "schedule" {
  function_name = aws_lambda_function.scaler.function_name
  action        = "lambda:InvokeFunction"
  principal     = "events.amazonaws.com"
  source_arn    = aws_cloudwatch_event_rule.schedule.arn
}

resource "aws_lambda_event_source_mapping" "tick" {
  function_name           = aws_lambda_function.scaler.function_name
  event_source_arn        = aws_sqs_queue.tick.arn
  enabled                 = true
  batch_size              = 10
  function_response_types = ["ReportBatchItemFailures"]

  scaling_config {
    maximum_concurrency = 2
  }
}

# A deployment may set a count of its own: it is looked at within seconds.
resource "aws_cloudwatch_event_rule" "deployments" {
  name        = "${var.name}-deployments"
  tags        = var.tags
  description = "Starts a pass when a deployment of a service begins"
  state       = "ENABLED"
  event_pattern = jsonencode({
    source      = ["aws.ecs"]
    detail-type = ["ECS Deployment State Change"]
    detail      = { eventName = ["SERVICE_DEPLOYMENT_IN_PROGRESS"] }
  })
}

resource "aws_cloudwatch_event_target" "deployments" {
  rule      = aws_cloudwatch_event_rule.deployments.name
  target_id = "scaler"
  arn       = aws_lambda_function.scaler.arn
}

resource "aws_lambda_permission" "deployments" {
  function_name = aws_lambda_function.scaler.function_name
  action        = "lambda:InvokeFunction"
  principal     = "events.amazonaws.com"
  source_arn    = aws_cloudwatch_event_rule.deployments.arn
}

resource "aws_lambda_event_source_mapping" "shard" {
  count                   = var.shards == 0 ? 0 : 1
  function_name           = aws_lambda_function.scaler.function_name
  event_source_arn        = one(aws_sqs_queue.shard[*].arn)
  enabled                 = true
  batch_size              = 1
  function_response_types = ["ReportBatchItemFailures"]

  scaling_config {
    maximum_concurrency = var.shards
  }
}
