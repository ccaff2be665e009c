# The scaler for one service and one queue: the same as deploy/cloudformation/template.yaml makes.

data "aws_caller_identity" "current" {}
data "aws_region" "current" {}
data "aws_partition" "current" {}

locals {
  create_queue   = var.queue_arn == ""
  queue_parts    = split(":", "${var.queue_arn}:::::")
  queue_name     = local.create_queue ? var.queue_name : local.queue_parts[5]
  job_queue_arn  = local.create_queue ? one(aws_sqs_queue.job[*].arn) : var.queue_arn
  job_queue_url  = local.create_queue ? one(aws_sqs_queue.job[*].url) : "https://sqs.${local.queue_parts[3]}.${data.aws_partition.current.dns_suffix}/${local.queue_parts[4]}/${local.queue_parts[5]}"
  tick_queue_arn = one(aws_sqs_queue.tick[*].arn)
  doorbell_arn   = one(aws_sqs_queue.doorbell[*].arn)
  partition      = data.aws_partition.current.partition
  region         = data.aws_region.current.name
  account        = data.aws_caller_identity.current.account_id
}

# As with DeletionPolicy: Retain, removing the module must not remove jobs: Terraform refuses. To let
# go of the queues, `terraform state rm` them first.
resource "aws_sqs_queue" "job_dead_letter" {
  count                     = local.create_queue ? 1 : 0
  name                      = "${var.queue_name}-dlq"
  tags                      = var.tags
  message_retention_seconds = 1209600
  sqs_managed_sse_enabled   = var.kms_key_arn == null ? true : null
  kms_master_key_id         = var.kms_key_arn

  lifecycle {
    prevent_destroy = true
  }
}

resource "aws_sqs_queue" "job" {
  count                      = local.create_queue ? 1 : 0
  name                       = var.queue_name
  tags                       = var.tags
  visibility_timeout_seconds = var.queue_visibility_timeout
  message_retention_seconds  = 345600
  sqs_managed_sse_enabled    = var.kms_key_arn == null ? true : null
  kms_master_key_id          = var.kms_key_arn
  redrive_policy = jsonencode({
    deadLetterTargetArn = one(aws_sqs_queue.job_dead_letter[*].arn)
    maxReceiveCount     = 10
  })

  lifecycle {
    prevent_destroy = true
    precondition {
      condition     = var.queue_name != ""
      error_message = "Give either queue_name, to create a queue, or queue_arn, to use one of yours."
    }
  }
}

resource "aws_sqs_queue" "tick" {
  count                      = var.tick_seconds == 0 ? 0 : 1
  name                       = "${var.name}-ticks"
  tags                       = var.tags
  visibility_timeout_seconds = 60
  message_retention_seconds  = 150
  sqs_managed_sse_enabled    = var.kms_key_arn == null ? true : null
  kms_master_key_id          = var.kms_key_arn
}

resource "aws_sqs_queue" "doorbell" {
  count                      = var.doorbell ? 1 : 0
  name                       = "${var.name}-doorbell"
  tags                       = var.tags
  visibility_timeout_seconds = 180
  message_retention_seconds  = 300
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
  policy = local.policy
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
      condition     = (var.queue_name == "") != (var.queue_arn == "")
      error_message = "Give either queue_name, to create a queue, or queue_arn, to use one of yours."
    }
    precondition {
      condition     = length(local.missing) == 0
      error_message = "Mode ${local.mode} needs ${lower(join(" and ", local.missing))}."
    }
    precondition {
      condition     = local.capacity != "own" || var.auto_scaling_group != ""
      error_message = "Capacity own needs auto_scaling_group, the group that the function may drive."
    }
    precondition {
      condition     = (length(var.subnet_ids) == 0) == (length(var.security_group_ids) == 0)
      error_message = "subnet_ids and security_group_ids are given together, or neither."
    }
    precondition {
      condition     = !(var.wake && endswith(var.queue_arn, ".fifo"))
      error_message = "A FIFO queue cannot wake: a message that is handed back would hold up its group. Set wake = false."
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

# Switched by the scaler itself: enabled only while the service rests at zero.
resource "aws_lambda_event_source_mapping" "wake" {
  count                   = var.wake ? 1 : 0
  function_name           = aws_lambda_function.scaler.function_name
  event_source_arn        = local.job_queue_arn
  enabled                 = false
  batch_size              = 10
  function_response_types = ["ReportBatchItemFailures"]

  scaling_config {
    maximum_concurrency = 2
  }

  lifecycle {
    ignore_changes = [enabled]
  }
}

resource "aws_lambda_event_source_mapping" "tick" {
  count                   = var.tick_seconds == 0 ? 0 : 1
  function_name           = aws_lambda_function.scaler.function_name
  event_source_arn        = local.tick_queue_arn
  enabled                 = true
  batch_size              = 10
  function_response_types = ["ReportBatchItemFailures"]

  scaling_config {
    maximum_concurrency = 2
  }
}

resource "aws_lambda_event_source_mapping" "doorbell" {
  count                   = var.doorbell ? 1 : 0
  function_name           = aws_lambda_function.scaler.function_name
  event_source_arn        = local.doorbell_arn
  enabled                 = true
  batch_size              = 10
  function_response_types = ["ReportBatchItemFailures"]

  scaling_config {
    maximum_concurrency = 2
  }
}
