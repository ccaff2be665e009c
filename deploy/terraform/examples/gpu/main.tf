# GPU workers from zero instances and back, end to end: the same as deploy/cloudformation/gpu.yaml makes.
#   terraform init && terraform apply -var name=gpu -var zip=bootstrap-x86_64.zip -var image=IMAGE \
#     -var 'subnet_ids=["subnet-1"]' -var 'security_group_ids=["sg-1"]'

terraform {
  required_version = ">= 1.5"
}

data "aws_caller_identity" "current" {}
data "aws_region" "current" {}
data "aws_partition" "current" {}

data "aws_ssm_parameter" "ami" {
  name = var.ami
}

locals {
  ecs = "arn:${data.aws_partition.current.partition}:ecs:${data.aws_region.current.name}:${data.aws_caller_identity.current.account_id}"
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
  policy_arn = "arn:${data.aws_partition.current.partition}:iam::aws:policy/service-role/AmazonEC2ContainerServiceforEC2Role"
}

resource "aws_iam_instance_profile" "instance" {
  role = aws_iam_role.instance.name
}

resource "aws_launch_template" "gpu" {
  name                   = var.name
  image_id               = data.aws_ssm_parameter.ami.value
  instance_type          = var.instance_type
  vpc_security_group_ids = var.security_group_ids
  user_data              = base64encode("#!/bin/bash\necho ECS_CLUSTER=${aws_ecs_cluster.gpu.name} >> /etc/ecs/ecs.config\n")

  iam_instance_profile {
    arn = aws_iam_instance_profile.instance.arn
  }

  metadata_options {
    http_tokens = "required"
  }

  block_device_mappings {
    device_name = "/dev/xvda"
    ebs {
      volume_size = var.volume_size
      volume_type = "gp3"
      encrypted   = true
    }
  }
}

# The desired capacity is zero at first, and the scaler's from then on. Protection is what keeps anybody else,
# and a rebalance between zones, from ending an instance at work; the scaler ends them by name.
resource "aws_autoscaling_group" "gpu" {
  name                  = var.name
  min_size              = 0
  max_size              = var.tasks_max
  protect_from_scale_in = true
  vpc_zone_identifier   = var.subnet_ids

  launch_template {
    id      = aws_launch_template.gpu.id
    version = aws_launch_template.gpu.latest_version
  }

  # ECS adds it to the group of a capacity provider; left out, each apply would take it away.
  tag {
    key                 = "AmazonECSManaged"
    value               = "true"
    propagate_at_launch = true
  }

  lifecycle {
    ignore_changes = [desired_capacity]
  }
}

resource "aws_ecs_capacity_provider" "gpu" {
  name = var.name

  auto_scaling_group_provider {
    auto_scaling_group_arn         = aws_autoscaling_group.gpu.arn
    managed_termination_protection = "DISABLED"

    managed_scaling {
      status = "DISABLED"
    }
  }
}

resource "aws_ecs_cluster_capacity_providers" "gpu" {
  cluster_name       = aws_ecs_cluster.gpu.name
  capacity_providers = [aws_ecs_capacity_provider.gpu.name]

  default_capacity_provider_strategy {
    capacity_provider = aws_ecs_capacity_provider.gpu.name
    weight            = 1
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
  capacity                 = "own"
  instance_tasks           = var.tasks_per_instance
  auto_scaling_group       = aws_autoscaling_group.gpu.name
  capacity_provider        = aws_ecs_capacity_provider.gpu.name
}

resource "aws_cloudwatch_log_group" "worker" {
  name              = "/ecs/${var.name}"
  retention_in_days = 14
}

# `ecs-scaler iam --guard` prints the same statements; a test compares them.
resource "aws_iam_role" "task" {
  assume_role_policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Effect    = "Allow"
      Principal = { Service = "ecs-tasks.amazonaws.com" }
      Action    = "sts:AssumeRole"
    }]
  })
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
  requires_compatibilities = ["EC2"]
  network_mode             = "bridge"
  task_role_arn            = aws_iam_role.task.arn
  container_definitions = jsonencode([{
    name                 = "worker"
    image                = var.image
    essential            = true
    memoryReservation    = var.task_memory
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
  depends_on                    = [aws_ecs_cluster_capacity_providers.gpu]
  name                          = var.name
  cluster                       = aws_ecs_cluster.gpu.id
  task_definition               = aws_ecs_task_definition.worker.arn
  desired_count                 = 0
  availability_zone_rebalancing = "DISABLED"

  capacity_provider_strategy {
    capacity_provider = aws_ecs_capacity_provider.gpu.name
    weight            = 1
  }

  ordered_placement_strategy {
    type  = "binpack"
    field = "memory"
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
