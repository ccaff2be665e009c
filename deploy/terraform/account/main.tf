# The role by which a fleet's scaler reaches the tagged services of this account, once an account: the
# same as deploy/cloudformation/account.yaml makes.

data "aws_caller_identity" "current" {}
data "aws_partition" "current" {}

locals {
  partition = data.aws_partition.current.partition
  place     = "${var.regions}:${data.aws_caller_identity.current.account_id}"
  services  = "arn:${local.partition}:ecs:${local.place}:service/${var.fleet_clusters}/*"
  clusters  = "arn:${local.partition}:ecs:${local.place}:cluster/${var.fleet_clusters}"
  tasks     = "arn:${local.partition}:ecs:${local.place}:task/${var.fleet_clusters}/*"
  instances = "arn:${local.partition}:ecs:${local.place}:container-instance/${var.fleet_clusters}/*"
  queues    = "arn:${local.partition}:sqs:${local.place}:${var.fleet_queues}"
  groups    = "arn:${local.partition}:autoscaling:${local.place}:autoScalingGroup:*:autoScalingGroupName/${var.fleet_groups}"

  # `ecs-scaler iam` prints the same statements; a test compares them.
  of_groups = ["ReadCapacityProvider", "ReadGroup", "StartInstances", "ListInstances", "ListWorkOnInstances",
  "ReadWorkOnInstances", "DrainInstances", "MarkInstances", "EndInstances"]
  statements = [for one in local.all_statements : one if var.fleet_groups != "" || !contains(local.of_groups, one.Sid)]
  all_statements = [
    {
      Sid      = "FindServices"
      Effect   = "Allow"
      Action   = ["tag:GetResources"]
      Resource = ["*"]
    },
    {
      Sid      = "ReadJobQueue"
      Effect   = "Allow"
      Action   = ["sqs:GetQueueAttributes"]
      Resource = [local.queues]
    },
    {
      Sid      = "ReadService"
      Effect   = "Allow"
      Action   = ["ecs:DescribeServices"]
      Resource = [local.services]
    },
    {
      Sid       = "ScaleService"
      Effect    = "Allow"
      Action    = ["ecs:UpdateService"]
      Resource  = [local.services]
      Condition = { Null = { "aws:ResourceTag/ecs-scaler:queue" = ["false"] } }
    },
    {
      Sid      = "RememberState"
      Effect   = "Allow"
      Action   = ["ecs:TagResource", "ecs:UntagResource"]
      Resource = [local.services]
      Condition = {
        "ForAllValues:StringEquals" = { "aws:TagKeys" = ["ecs-scaler:state", "ecs-scaler:last-good"] }
        Null                        = { "aws:ResourceTag/ecs-scaler:queue" = ["false"] }
      }
    },
    {
      Sid       = "ListTasks"
      Effect    = "Allow"
      Action    = ["ecs:ListTasks"]
      Resource  = ["*"]
      Condition = { ArnLike = { "ecs:cluster" = [local.clusters] } }
    },
    {
      Sid      = "ReadTaskProtection"
      Effect   = "Allow"
      Action   = ["ecs:GetTaskProtection"]
      Resource = [local.tasks]
    },
    {
      Sid      = "ReadCapacityProvider"
      Effect   = "Allow"
      Action   = ["ecs:DescribeCapacityProviders"]
      Resource = ["arn:${local.partition}:ecs:${local.place}:capacity-provider/*"]
    },
    {
      Sid      = "ReadGroup"
      Effect   = "Allow"
      Action   = ["autoscaling:DescribeAutoScalingGroups", "autoscaling:DescribePolicies", "autoscaling:DescribeScalingActivities", "ecs:DescribeTaskDefinition"]
      Resource = ["*"]
    },
    {
      Sid      = "StartInstances"
      Effect   = "Allow"
      Action   = ["autoscaling:SetDesiredCapacity"]
      Resource = [local.groups]
    },
    {
      Sid      = "ListInstances"
      Effect   = "Allow"
      Action   = ["ecs:ListContainerInstances"]
      Resource = [local.clusters]
    },
    {
      Sid       = "ListWorkOnInstances"
      Effect    = "Allow"
      Action    = ["ecs:DescribeServices", "ecs:ListServices", "ecs:ListTasks"]
      Resource  = ["*"]
      Condition = { ArnLike = { "ecs:cluster" = [local.clusters] } }
    },
    {
      Sid      = "ReadWorkOnInstances"
      Effect   = "Allow"
      Action   = ["ecs:DescribeTasks"]
      Resource = [local.tasks]
    },
    {
      Sid      = "DrainInstances"
      Effect   = "Allow"
      Action   = ["ecs:DescribeContainerInstances", "ecs:UpdateContainerInstancesState"]
      Resource = [local.instances]
    },
    {
      Sid       = "MarkInstances"
      Effect    = "Allow"
      Action    = ["ecs:TagResource", "ecs:UntagResource"]
      Resource  = [local.instances]
      Condition = { "ForAllValues:StringEquals" = { "aws:TagKeys" = ["ecs-scaler:instance"] } }
    },
    {
      Sid      = "EndInstances"
      Effect   = "Allow"
      Action   = ["autoscaling:TerminateInstanceInAutoScalingGroup"]
      Resource = [local.groups]
    },
  ]
}

resource "aws_iam_role" "scaler" {
  name                 = var.role_name
  permissions_boundary = var.permissions_boundary
  tags                 = var.tags
  assume_role_policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Effect    = "Allow"
      Principal = { AWS = var.scaler_role_arn }
      Action    = "sts:AssumeRole"
      Condition = { StringEquals = { "sts:ExternalId" = var.external_id } }
    }]
  })
}

resource "aws_iam_role_policy" "scaler" {
  name   = "scaler"
  role   = aws_iam_role.scaler.id
  policy = jsonencode({ Version = "2012-10-17", Statement = local.statements })
}
