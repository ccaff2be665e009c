# The dashboard's widgets: expressions only, so that they can be tested without a provider. Counts and
# decisions come out of the log, which costs nothing while nobody looks.

locals {
  # Every pass is a line of the log, unless log_level drops it and no metrics stand in it.
  logs_passes = var.metrics != "" || contains(["TRACE", "DEBUG", "INFO"], var.log_level)
  log_source  = "SOURCE '/aws/lambda/${var.name}-scaler'"
  why         = "parse @message /\"note\":\"(?<why>[^\"]*)\".]/"

  widgets = concat(
    [for at, chart in local.charts : {
      type = "metric", x = at * 12, y = 0, width = 12, height = 6, properties = merge(chart, { region = local.region, period = 60 })
    }],
    [for at, query in [for query in local.queries : query if query.when] : {
      type = "log", x = 0, y = 6 + at * 6, width = 24, height = 6, properties = {
        title = query.title, region = local.region, view = query.view, query = join(" | ", concat([local.log_source], query.commands))
      }
    }],
  )

  charts = [
    { title = "Job queue", stat = "Maximum", metrics = [
      ["AWS/SQS", "ApproximateNumberOfMessagesVisible", "QueueName", local.queue_name],
      ["AWS/SQS", "ApproximateNumberOfMessagesNotVisible", "QueueName", local.queue_name],
      ["AWS/SQS", "ApproximateAgeOfOldestMessage", "QueueName", local.queue_name, { yAxis = "right" }],
    ] },
    { title = "Scaler", stat = "Sum", metrics = [
      ["AWS/Lambda", "Invocations", "FunctionName", "${var.name}-scaler"],
      ["AWS/Lambda", "Errors", "FunctionName", "${var.name}-scaler"],
      ["AWS/Lambda", "Throttles", "FunctionName", "${var.name}-scaler"],
    ] },
  ]

  queries = [
    { when = true, title = "Failures", view = "table", commands = [
      "filter level in [\"WARN\", \"ERROR\", \"FATAL\"]",
      "fields @timestamp, level, trigger, coalesce(record.errors.0, message) as error",
      "sort @timestamp desc", "limit 50",
    ] },
    { when = local.logs_passes, title = "Tasks", view = "timeSeries", commands = [
      "filter message = \"pass\"",
      "stats max(record.service.desired) as desired, max(record.service.running) as running by bin(1m)",
    ] },
    { when = local.logs_passes, title = "Changes", view = "table", commands = [
      "filter message = \"pass\" and record.outcome != \"held\"", local.why,
      "fields @timestamp, trigger, record.service.desired as before, record.decision.desired as after, record.outcome as outcome, why",
      "sort @timestamp desc", "limit 50",
    ] },
    { when = local.logs_passes, title = "Decisions", view = "table", commands = [
      "filter message = \"pass\"", local.why,
      "fields @timestamp, trigger, record.service.desired as tasks, record.decision.demand as demand, record.decision.action as action, record.outcome as outcome, why",
      "sort @timestamp desc", "limit 100",
    ] },
  ]
}
