# Terraform: the same task definition and role as task-definition.yaml.
variable "worker_image" { type = string }
variable "guard_image" { type = string }
variable "cluster" { type = string }
variable "queue_arn" { type = string }
variable "queue_url" { type = string }
variable "execution_role_arn" { type = string }

variable "stop_timeout" {
  description = "Seconds from SIGTERM to SIGKILL, of both containers and of the guard's own plan."
  type        = number
  default     = 120

  validation {
    condition     = var.stop_timeout >= 4 && var.stop_timeout <= 120
    error_message = "stop_timeout must be between 4 and 120 seconds."
  }
}

data "aws_partition" "current" {}
data "aws_region" "current" {}
data "aws_caller_identity" "current" {}

data "aws_iam_policy_document" "tasks" {
  statement {
    actions = ["sts:AssumeRole"]

    principals {
      type        = "Service"
      identifiers = ["ecs-tasks.amazonaws.com"]
    }
  }
}

# As `ecs-scaler iam --guard` prints it.
data "aws_iam_policy_document" "guard" {
  statement {
    sid       = "ProtectOwnTask"
    actions   = ["ecs:GetTaskProtection", "ecs:UpdateTaskProtection"]
    resources = ["arn:${data.aws_partition.current.partition}:ecs:${data.aws_region.current.region}:${data.aws_caller_identity.current.account_id}:task/${var.cluster}/*"]
  }

  statement {
    sid = "WorkOffJobQueue"
    actions = [
      "sqs:ReceiveMessage", "sqs:DeleteMessage", "sqs:ChangeMessageVisibility",
      "sqs:GetQueueAttributes", "sqs:GetQueueUrl",
    ]
    resources = [var.queue_arn]
  }
}

resource "aws_iam_role" "task" {
  name_prefix        = "guarded-worker-"
  assume_role_policy = data.aws_iam_policy_document.tasks.json
}

resource "aws_iam_role_policy" "guard" {
  role   = aws_iam_role.task.id
  policy = data.aws_iam_policy_document.guard.json
}

resource "aws_ecs_task_definition" "worker" {
  family                   = "guarded-worker"
  requires_compatibilities = ["FARGATE"]
  network_mode             = "awsvpc"
  cpu                      = "256"
  memory                   = "512"
  task_role_arn            = aws_iam_role.task.arn
  execution_role_arn       = var.execution_role_arn

  container_definitions = jsonencode([
    {
      name        = "guard"
      image       = var.guard_image
      essential   = true
      stopTimeout = var.stop_timeout
      command     = ["serve", "--linger", "5s", "--stop-timeout", "${var.stop_timeout}s"]
      healthCheck = { command = ["CMD", "/ecs-guard", "health"], interval = 5, retries = 3 }
    },
    {
      name        = "worker"
      image       = var.worker_image
      essential   = true
      stopTimeout = var.stop_timeout
      dependsOn   = [{ containerName = "guard", condition = "HEALTHY" }]
      environment = [
        { name = "AWS_ENDPOINT_URL_SQS", value = "http://127.0.0.1:9324" },
        { name = "SQS_QUEUE_URL", value = replace(var.queue_url, "https://", "http://127.0.0.1:9324/https/") },
      ]
    },
  ])
}

output "task_definition_arn" {
  value = aws_ecs_task_definition.worker.arn
}
