# GPU workers on ECS Managed Instances: the same as deploy/cloudformation/managed-instances.yaml makes.
#   terraform init && terraform apply -var name=gpu -var zip=bootstrap-x86_64.zip -var image=IMAGE \
#     -var 'subnet_ids=["subnet-1"]' -var 'security_group_ids=["sg-1"]'

terraform {
  required_version = ">= 1.5"
  required_providers {
    aws = {
      source  = "hashicorp/aws"
      version = ">= 6.23" # infrastructure_optimization
    }
  }
}

data "aws_caller_identity" "current" {}
data "aws_region" "current" {}
data "aws_partition" "current" {}

locals {
  ecs = "arn:${data.aws_partition.current.partition}:ecs:${data.aws_region.current.name}:${data.aws_caller_identity.current.account_id}"
  trust = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Effect    = "Allow"
      Principal = { Service = "ecs-tasks.amazonaws.com" }
      Action    = "sts:AssumeRole"
    }]
  })
}

resource "aws_ecs_cluster" "gpu" {
  name = var.name
}

resource "aws_iam_role" "instance" {
  assume_role_policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Effect    = "Allow"
      Principal = { Service = "ec2.${data.aws_partition.current.dns_suffix}" }
      Action    = "sts:AssumeRole"
    }]
  })
}

resource "aws_iam_role_policy_attachment" "instance" {
  role       = aws_iam_role.instance.name
  policy_arn = "arn:${data.aws_partition.current.partition}:iam::aws:policy/AmazonECSInstanceRolePolicyForManagedInstances"
}

resource "aws_iam_instance_profile" "instance" {
  role = aws_iam_role.instance.name
}

# As this role ECS starts and ends the instances. The managed policy lets it pass on only roles of certain
# names; this one's has another.
resource "aws_iam_role" "infrastructure" {
  assume_role_policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Effect    = "Allow"
      Principal = { Service = "ecs.amazonaws.com" }
      Action    = "sts:AssumeRole"
    }]
  })
}

resource "aws_iam_role_policy_attachment" "infrastructure" {
  role       = aws_iam_role.infrastructure.name
  policy_arn = "arn:${data.aws_partition.current.partition}:iam::aws:policy/AmazonECSInfrastructureRolePolicyForManagedInstances"
}

resource "aws_iam_role_policy" "infrastructure" {
  name = "instances"
  role = aws_iam_role.infrastructure.id
  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Sid       = "PassInstanceRole"
      Effect    = "Allow"
      Action    = ["iam:PassRole"]
      Resource  = [aws_iam_role.instance.arn]
      Condition = { StringLike = { "iam:PassedToService" = ["ec2.*"] } }
    }]
  })
}

resource "aws_ecs_capacity_provider" "gpu" {
  name    = var.name
  cluster = aws_ecs_cluster.gpu.name

  managed_instances_provider {
    infrastructure_role_arn = aws_iam_role.infrastructure.arn

    infrastructure_optimization {
      scale_in_after = var.scale_in_after
    }

    instance_launch_template {
      ec2_instance_profile_arn = aws_iam_instance_profile.instance.arn

      network_configuration {
        subnets         = var.subnet_ids
        security_groups = var.security_group_ids
      }

      storage_configuration {
        storage_size_gib = var.volume_size
      }

      instance_requirements {
        allowed_instance_types    = var.instance_types
        accelerator_types         = ["gpu"]
        accelerator_manufacturers = ["nvidia"]

        accelerator_count {
          min = 1
        }

        vcpu_count {
          min = 1
        }

        memory_mib {
          min = var.task_memory
        }
      }
    }
  }
}

# The function, its role, schedule, ticks and wake; and the job queue with its dead-letter queue.
module "scaler" {
  source                   = "../.."
  name                     = var.name
  cluster                  = aws_ecs_cluster.gpu.name
  service                  = var.name
  queue_name               = "${var.name}-jobs"
  queue_visibility_timeout = var.queue_visibility_timeout
  zip                      = var.zip
  mode                     = "backlog"
  backlog_per_task         = 1
  tasks_max                = var.tasks_max
  scale_in_when            = var.scale_in_when
  capacity                 = "follow"
  capacity_provider        = aws_ecs_capacity_provider.gpu.name
}

resource "aws_cloudwatch_log_group" "worker" {
  name              = "/ecs/${var.name}"
  retention_in_days = 14
}

# Of the ECS agent: it fetches the image and writes the log.
resource "aws_iam_role" "execution" {
  assume_role_policy = local.trust
}

resource "aws_iam_role_policy_attachment" "execution" {
  role       = aws_iam_role.execution.name
  policy_arn = "arn:${data.aws_partition.current.partition}:iam::aws:policy/service-role/AmazonECSTaskExecutionRolePolicy"
}

# `ecs-scaler iam --guard` prints the same statements; a test compares them.
resource "aws_iam_role" "task" {
  assume_role_policy = local.trust
}

resource "aws_iam_role_policy" "task" {
  name = "worker"
  role = aws_iam_role.task.id
  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [
      {
        Sid      = "ProtectOwnTask"
        Effect   = "Allow"
        Action   = ["ecs:GetTaskProtection", "ecs:UpdateTaskProtection"]
        Resource = ["${local.ecs}:task/${var.name}/*"]
      },
      {
        Sid      = "WorkOffJobQueue"
        Effect   = "Allow"
        Action   = ["sqs:ReceiveMessage", "sqs:DeleteMessage", "sqs:ChangeMessageVisibility", "sqs:GetQueueAttributes", "sqs:GetQueueUrl"]
        Resource = [module.scaler.job_queue_arn]
      },
    ]
  })
}

resource "aws_ecs_task_definition" "worker" {
  family                   = var.name
  requires_compatibilities = ["MANAGED_INSTANCES"]
  network_mode             = "awsvpc"
  cpu                      = var.task_cpu
  memory                   = var.task_memory
  execution_role_arn       = aws_iam_role.execution.arn
  task_role_arn            = aws_iam_role.task.arn
  container_definitions = jsonencode([{
    name                 = "worker"
    image                = var.image
    essential            = true
    resourceRequirements = [{ type = "GPU", value = "1" }]
    stopTimeout          = 120
    environment = [
      { name = "AWS_REGION", value = data.aws_region.current.name },
      { name = "SQS_QUEUE_URL", value = module.scaler.job_queue_url },
    ]
    logConfiguration = {
      logDriver = "awslogs"
      options = {
        "awslogs-group"         = aws_cloudwatch_log_group.worker.name
        "awslogs-region"        = data.aws_region.current.name
        "awslogs-stream-prefix" = "worker"
      }
    }
  }])
}

resource "aws_ecs_service" "worker" {
  name                          = var.name
  cluster                       = aws_ecs_cluster.gpu.id
  task_definition               = aws_ecs_task_definition.worker.arn
  desired_count                 = 0
  availability_zone_rebalancing = "DISABLED"

  capacity_provider_strategy {
    capacity_provider = aws_ecs_capacity_provider.gpu.name
    weight            = 1
  }

  network_configuration {
    subnets         = var.subnet_ids
    security_groups = var.security_group_ids
  }

  deployment_circuit_breaker {
    enable   = true
    rollback = true
  }

  lifecycle {
    ignore_changes = [
      desired_count, tags["ecs-scaler:state"], tags_all["ecs-scaler:state"],
      tags["ecs-scaler:pause"], tags_all["ecs-scaler:pause"],
    ]
  }
}
