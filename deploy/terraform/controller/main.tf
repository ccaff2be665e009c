# The controller as a Fargate service for every ECS service of this account and region that carries the tag
# ecs-scaler:queue: the same as deploy/cloudformation/controller.yaml makes.

data "aws_caller_identity" "current" {}
data "aws_region" "current" {}
data "aws_partition" "current" {}

locals {
  partition = data.aws_partition.current.partition
  region    = data.aws_region.current.name
  place     = "${local.region}:${data.aws_caller_identity.current.account_id}"

  environment = merge(
    {
      AWS_REGION      = local.region
      FLEET_TASKS_MAX = tostring(var.fleet_tasks_max)
      FLEET_QUEUES    = var.fleet_queues
      FLEET_CLUSTERS  = var.fleet_clusters
      LOG_LEVEL       = var.log_level
    },
    length(var.fleet_accounts) == 0 ? {} : { FLEET_ACCOUNTS = jsonencode([for account in var.fleet_accounts :
    { for name, value in account : name => value if value != null }]) },
    var.fleet_profiles == null ? {} : { FLEET_PROFILES = try(tostring(var.fleet_profiles), jsonencode(var.fleet_profiles)) },
    var.paused ? { PAUSED = "true" } : {},
    var.environment,
  )

  statements = concat(module.policy.statements, [
    {
      Sid       = "HoldLease"
      Effect    = "Allow"
      Action    = ["dynamodb:DescribeTable", "dynamodb:GetItem", "dynamodb:PutItem", "dynamodb:DeleteItem"]
      Resource  = [aws_dynamodb_table.lease.arn]
      Condition = { "ForAllValues:StringEquals" = { "dynamodb:LeadingKeys" = ["ecs-scaler"] } }
    },
  ])

  trust = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Effect    = "Allow"
      Principal = { Service = "ecs-tasks.amazonaws.com" }
      Action    = "sts:AssumeRole"
    }]
  })
}

module "policy" {
  source         = "../fleet-policy"
  partition      = local.partition
  place          = local.place
  fleet_queues   = var.fleet_queues
  fleet_clusters = var.fleet_clusters
  fleet_groups   = var.fleet_groups
  roles          = compact(var.fleet_accounts[*].role)
}

resource "aws_dynamodb_table" "lease" {
  name         = "${var.name}-lease"
  billing_mode = "PAY_PER_REQUEST"
  hash_key     = "id"
  tags         = var.tags

  attribute {
    name = "id"
    type = "S"
  }
}

resource "aws_cloudwatch_log_group" "controller" {
  name              = "/ecs/${var.name}"
  retention_in_days = var.log_retention_days
  tags              = var.tags
}

# Of the ECS agent: it fetches the image and writes the log.
resource "aws_iam_role" "execution" {
  permissions_boundary = var.permissions_boundary
  assume_role_policy   = local.trust
  tags                 = var.tags
}

resource "aws_iam_role_policy_attachment" "execution" {
  role       = aws_iam_role.execution.name
  policy_arn = "arn:${local.partition}:iam::aws:policy/service-role/AmazonECSTaskExecutionRolePolicy"
}

resource "aws_iam_role" "task" {
  permissions_boundary = var.permissions_boundary
  assume_role_policy   = local.trust
  tags                 = var.tags
}

resource "aws_iam_role_policy" "task" {
  name   = "scaler"
  role   = aws_iam_role.task.id
  policy = jsonencode({ Version = "2012-10-17", Statement = local.statements })
}

resource "aws_ecs_task_definition" "controller" {
  family                   = var.name
  requires_compatibilities = ["FARGATE"]
  network_mode             = "awsvpc"
  cpu                      = "256"
  memory                   = "512"
  execution_role_arn       = aws_iam_role.execution.arn
  task_role_arn            = aws_iam_role.task.arn
  tags                     = var.tags

  runtime_platform {
    cpu_architecture        = var.architecture
    operating_system_family = "LINUX"
  }

  container_definitions = jsonencode([{
    name                   = "controller"
    image                  = var.image
    essential              = true
    user                   = "65532"
    readonlyRootFilesystem = true
    command = [
      "run", "--fleet=tags", "--interval=${var.interval}", "--listen=0.0.0.0:9464",
      "--lease=dynamodb:${aws_dynamodb_table.lease.name}",
    ]
    environment  = [for name, value in local.environment : { name = name, value = value }]
    portMappings = [{ containerPort = 9464, protocol = "tcp" }]
    healthCheck = {
      command     = ["CMD", "/ecs-scaler", "health", "--listen", "127.0.0.1:9464"]
      interval    = 30
      timeout     = 6
      retries     = 3
      startPeriod = 60
    }
    stopTimeout = 30
    logConfiguration = {
      logDriver = "awslogs"
      options = {
        "awslogs-group"         = aws_cloudwatch_log_group.controller.name
        "awslogs-region"        = local.region
        "awslogs-stream-prefix" = "controller"
      }
    }
  }])
}

# The lease keeps an old and a new one from writing at the same time.
resource "aws_ecs_service" "controller" {
  depends_on                         = [aws_iam_role_policy.task, aws_iam_role_policy_attachment.execution]
  name                               = var.name
  cluster                            = var.cluster
  task_definition                    = aws_ecs_task_definition.controller.arn
  launch_type                        = "FARGATE"
  desired_count                      = var.replicas
  deployment_minimum_healthy_percent = 50
  deployment_maximum_percent         = 200
  tags                               = var.tags

  deployment_circuit_breaker {
    enable   = true
    rollback = true
  }

  network_configuration {
    assign_public_ip = var.assign_public_ip == "ENABLED"
    subnets          = var.subnet_ids
    security_groups  = var.security_group_ids
  }
}

locals {
  interval_seconds = tonumber(regex("^[0-9]+", var.interval)) * { ms = 0.001, s = 1, m = 60 }[regex("[a-z]+$", var.interval)]

  alarm_actions = var.alarm_topic_arn == "" ? null : [var.alarm_topic_arn]
}

resource "aws_cloudwatch_log_metric_filter" "success" {
  name           = "success"
  log_group_name = aws_cloudwatch_log_group.controller.name
  pattern        = "{ $.message = \"pass\" && $.level != \"ERROR\" }"

  metric_transformation {
    namespace = "EcsScalerFleet"
    name      = "${var.name}-success"
    value     = "1"
  }
}

# The dead man: a pass that changes nothing is a line a minute and service, so that silence is none.
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

  lifecycle {
    precondition {
      condition     = var.silence_alarm_seconds > local.interval_seconds
      error_message = "interval is ${var.interval}, and silence_alarm_seconds ${var.silence_alarm_seconds}: the alarm would ring between two passes."
    }
  }
}

resource "aws_cloudwatch_log_metric_filter" "settings" {
  name           = "settings"
  log_group_name = aws_cloudwatch_log_group.controller.name
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
