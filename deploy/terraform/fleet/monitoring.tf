locals {
  alarm_actions = var.alarm_topic_arn == "" ? null : [var.alarm_topic_arn]
  function_name = "${var.name}-scaler"
  log_source    = "SOURCE '/aws/lambda/${local.function_name}'"

  charts = [
    { title = "Scaler", stat = "Sum", metrics = [
      ["AWS/Lambda", "Invocations", "FunctionName", local.function_name],
      ["AWS/Lambda", "Errors", "FunctionName", local.function_name],
      ["AWS/Lambda", "Throttles", "FunctionName", local.function_name],
    ] },
    { title = "Duration", stat = "Maximum", metrics = [["AWS/Lambda", "Duration", "FunctionName", local.function_name]] },
  ]

  # Counts and decisions come out of the log, which costs nothing while nobody looks.
  queries = [
    { x = 0, y = 6, width = 24, title = "Failing services", commands = [
      "filter message = \"pass\" and level = \"ERROR\"",
      "stats count(*) as failures, max(record.at) as last by record.service_name, record.errors.0",
      "sort failures desc", "limit 50",
    ] },
    { x = 0, y = 12, width = 24, title = "Wrong settings", commands = [
      "filter level = \"ERROR\" and service like /^arn:/",
      "stats count(*) as times by service, message",
      "sort times desc", "limit 50",
    ] },
    { x = 0, y = 18, width = 12, title = "Backlog that nobody serves", commands = [
      "filter message = \"pass\" and record.queues.0.visible > 0 and record.service.running = 0",
      "stats count(*) as looks, max(record.queues.0.visible) as waiting by record.service_name",
      "sort waiting desc", "limit 25",
    ] },
    { x = 12, y = 18, width = 12, title = "Most tasks", commands = [
      "filter message = \"pass\"",
      "stats max(record.service.desired) as desired, max(record.service.running) as running, max(record.decision.demand) as needed by record.service_name",
      "sort desired desc", "limit 25",
    ] },
    { x = 0, y = 24, width = 24, title = "Changes", commands = [
      "filter message = \"pass\" and record.outcome != \"held\"",
      "parse @message /\"note\":\"(?<why>[^\"]*)\".]/",
      "fields @timestamp, record.service_name as service, trigger, record.service.desired as before, record.decision.desired as after, record.outcome as outcome, why",
      "sort @timestamp desc", "limit 50",
    ] },
    { x = 0, y = 30, width = 24, title = "Other failures", commands = [
      "filter level in [\"WARN\", \"ERROR\", \"FATAL\"] and message != \"pass\"",
      "fields @timestamp, level, message",
      "sort @timestamp desc", "limit 50",
    ] },
  ]

  widgets = concat(
    [for at, chart in local.charts : {
      type = "metric", x = at * 12, y = 0, width = 12, height = 6, properties = merge(chart, { region = local.region, period = 60 })
    }],
    [for query in local.queries : {
      type = "log", x = query.x, y = query.y, width = query.width, height = 6, properties = {
        title = query.title, region = local.region, view = "table", query = join(" | ", concat([local.log_source], query.commands))
      }
    }],
  )
}

resource "aws_cloudwatch_dashboard" "scaler" {
  dashboard_name = var.name
  dashboard_body = jsonencode({ widgets = local.widgets })
}

# One service that fails makes the invocation fail, as often as it is looked at.
resource "aws_cloudwatch_metric_alarm" "errors" {
  alarm_name          = "${var.name}-errors"
  alarm_description   = "Passes over at least one service fail"
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

# A function that is never called has no errors, and no data at all.
resource "aws_cloudwatch_metric_alarm" "silence" {
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

# The function may be called and reach nobody: credentials, role, network, a setting of its own.
resource "aws_cloudwatch_log_metric_filter" "success" {
  name           = "success"
  log_group_name = aws_cloudwatch_log_group.scaler.name
  pattern        = "{ $.message = \"pass\" && $.level != \"ERROR\" }"

  metric_transformation {
    namespace = "EcsScalerFleet"
    name      = "${var.name}-success"
    value     = "1"
  }
}

resource "aws_cloudwatch_metric_alarm" "stopped" {
  alarm_name          = "${var.name}-stopped"
  alarm_description   = "No pass over any service succeeds"
  namespace           = "EcsScalerFleet"
  metric_name         = "${var.name}-success"
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

# What is wrong with a service's tags is said once a minute until it is mended, and fails nobody.
resource "aws_cloudwatch_log_metric_filter" "settings" {
  name           = "settings"
  log_group_name = aws_cloudwatch_log_group.scaler.name
  pattern        = "{ $.level = \"ERROR\" && $.service = \"arn:*\" }"

  metric_transformation {
    namespace = "EcsScalerFleet"
    name      = "${var.name}-settings"
    value     = "1"
  }
}

resource "aws_cloudwatch_metric_alarm" "settings" {
  alarm_name          = "${var.name}-settings"
  alarm_description   = "The tags of at least one service are wrong"
  namespace           = "EcsScalerFleet"
  metric_name         = "${var.name}-settings"
  statistic           = "Sum"
  period              = 300
  evaluation_periods  = 2
  datapoints_to_alarm = 2
  threshold           = 1
  comparison_operator = "GreaterThanOrEqualToThreshold"
  treat_missing_data  = "notBreaching"
  alarm_actions       = local.alarm_actions
  tags                = var.tags
}
