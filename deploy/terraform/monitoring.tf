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
}

resource "aws_cloudwatch_metric_alarm" "backlog" {
  count               = var.monitoring ? 1 : 0
  alarm_name          = "${var.name}-backlog"
  alarm_description   = "The oldest message waits for too long"
  namespace           = "AWS/SQS"
  metric_name         = "ApproximateAgeOfOldestMessage"
  dimensions          = { QueueName = local.queue_name }
  statistic           = "Maximum"
  period              = 60
  evaluation_periods  = 5
  datapoints_to_alarm = 5
  threshold           = var.backlog_alarm_seconds
  comparison_operator = "GreaterThanThreshold"
  treat_missing_data  = "notBreaching"
  alarm_actions       = local.alarm_actions
}

resource "aws_cloudwatch_metric_alarm" "capacity" {
  count               = var.monitoring && var.metrics != "" ? 1 : 0
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
}

resource "aws_cloudwatch_dashboard" "scaler" {
  count          = var.monitoring ? 1 : 0
  dashboard_name = var.name
  dashboard_body = jsonencode({
    widgets = [
      { type = "metric", x = 0, y = 0, width = 12, height = 6, properties = { title = "Job queue", region = local.region, stat = "Maximum", period = 60, metrics = [
        ["AWS/SQS", "ApproximateNumberOfMessagesVisible", "QueueName", local.queue_name],
        ["AWS/SQS", "ApproximateNumberOfMessagesNotVisible", "QueueName", local.queue_name],
        ["AWS/SQS", "ApproximateAgeOfOldestMessage", "QueueName", local.queue_name, { yAxis = "right" }],
      ] } },
      { type = "metric", x = 12, y = 0, width = 12, height = 6, properties = { title = "Tasks", region = local.region, stat = "Maximum", period = 60, metrics = [
        ["EcsScaler", "DesiredTasks", "Cluster", var.cluster, "Service", var.service],
        ["EcsScaler", "RunningTasks", "Cluster", var.cluster, "Service", var.service],
        ["EcsScaler", "CapacityShortage", "Cluster", var.cluster, "Service", var.service],
      ] } },
      { type = "metric", x = 0, y = 6, width = 12, height = 6, properties = { title = "Scaler", region = local.region, stat = "Sum", period = 60, metrics = [
        ["AWS/Lambda", "Invocations", "FunctionName", "${var.name}-scaler"],
        ["AWS/Lambda", "Errors", "FunctionName", "${var.name}-scaler"],
        ["AWS/Lambda", "Throttles", "FunctionName", "${var.name}-scaler"],
      ] } },
      { type = "log", x = 12, y = 6, width = 12, height = 6, properties = { title = "Decisions", region = local.region, view = "table", query = "SOURCE '/aws/lambda/${var.name}-scaler' | fields @timestamp, message, action, desired | filter ispresent(action) | sort @timestamp desc | limit 50" } },
    ]
  })
}
