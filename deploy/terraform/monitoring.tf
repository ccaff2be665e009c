locals {
  alarm_actions = var.alarm_topic_arn == "" ? null : [var.alarm_topic_arn]
}

resource "aws_cloudwatch_metric_alarm" "errors" {
  count               = var.monitoring ? 1 : 0
  alarm_name          = "${var.name}-errors"
  alarm_description   = "Passes of the scaler fail"
  namespace           = "AWS/Lambda"
  metric_name         = "Errors"
  dimensions          = { FunctionName = aws_lambda_function.scaler.function_name }
  statistic           = "Sum"
  period              = 60
  evaluation_periods  = 5
  datapoints_to_alarm = 3
  threshold           = 1
  comparison_operator = "GreaterThanOrEqualToThreshold"
  treat_missing_data  = "notBreaching"
  alarm_actions       = local.alarm_actions
  tags                = var.tags
}

# The age is that of a message at work, too: a long job alone leaves nothing visible, and rings nothing.
resource "aws_cloudwatch_metric_alarm" "backlog" {
  count               = var.monitoring ? 1 : 0
  alarm_name          = "${var.name}-backlog"
  alarm_description   = "Messages wait, and the oldest is too old"
  evaluation_periods  = 5
  datapoints_to_alarm = 5
  threshold           = var.backlog_alarm_seconds
  comparison_operator = "GreaterThanThreshold"
  treat_missing_data  = "notBreaching"
  alarm_actions       = local.alarm_actions
  tags                = var.tags

  metric_query {
    id          = "late"
    label       = "age of the oldest message while messages wait"
    expression  = "IF(visible > 0, age, 0)"
    return_data = true
  }

  metric_query {
    id          = "visible"
    return_data = false
    metric {
      namespace   = "AWS/SQS"
      metric_name = "ApproximateNumberOfMessagesVisible"
      dimensions  = { QueueName = local.queue_name }
      period      = 60
      stat        = "Minimum"
    }
  }

  metric_query {
    id          = "age"
    return_data = false
    metric {
      namespace   = "AWS/SQS"
      metric_name = "ApproximateAgeOfOldestMessage"
      dimensions  = { QueueName = local.queue_name }
      period      = 60
      stat        = "Maximum"
    }
  }
}

# The age leaves out what was received three times. What no worker can do ends here.
resource "aws_cloudwatch_metric_alarm" "dead_letters" {
  count               = var.monitoring && local.create_queue ? 1 : 0
  alarm_name          = "${var.name}-dead-letters"
  alarm_description   = "Messages that no worker could process"
  namespace           = "AWS/SQS"
  metric_name         = "ApproximateNumberOfMessagesVisible"
  dimensions          = { QueueName = one(aws_sqs_queue.job_dead_letter[*].name) }
  statistic           = "Maximum"
  period              = 300
  evaluation_periods  = 1
  datapoints_to_alarm = 1
  threshold           = 0
  comparison_operator = "GreaterThanThreshold"
  treat_missing_data  = "notBreaching"
  alarm_actions       = local.alarm_actions
  tags                = var.tags
}

# A function that is never called has no errors, and no data at all.
resource "aws_cloudwatch_metric_alarm" "silence" {
  count               = var.monitoring ? 1 : 0
  alarm_name          = "${var.name}-silence"
  alarm_description   = "Nothing calls the scaler any more"
  namespace           = "AWS/Lambda"
  metric_name         = "Invocations"
  dimensions          = { FunctionName = aws_lambda_function.scaler.function_name }
  statistic           = "Sum"
  period              = var.silence_alarm_seconds
  evaluation_periods  = 1
  datapoints_to_alarm = 1
  threshold           = 1
  comparison_operator = "LessThanThreshold"
  treat_missing_data  = "breaching"
  alarm_actions       = local.alarm_actions
  tags                = var.tags
}

resource "aws_cloudwatch_metric_alarm" "capacity" {
  count               = var.monitoring && (var.metrics == "emf" || strcontains(var.metrics, "CapacityShortage")) ? 1 : 0
  alarm_name          = "${var.name}-capacity"
  alarm_description   = "Tasks that are wanted do not start"
  namespace           = "EcsScaler"
  metric_name         = "CapacityShortage"
  dimensions          = { Cluster = var.cluster, Service = var.service }
  statistic           = "Maximum"
  period              = 60
  evaluation_periods  = 5
  datapoints_to_alarm = 5
  threshold           = 1
  comparison_operator = "GreaterThanOrEqualToThreshold"
  treat_missing_data  = "notBreaching"
  alarm_actions       = local.alarm_actions
  tags                = var.tags
}

resource "aws_cloudwatch_dashboard" "scaler" {
  count          = var.monitoring ? 1 : 0
  dashboard_name = var.name
  dashboard_body = jsonencode({ widgets = local.widgets })
}
