# What a scaler of many services may do besides what its own deployment needs, for ../fleet, ../controller and
# ../account: the statements that `ecs-scaler iam` prints, which a test compares.

terraform {
  required_version = ">= 1.5"
}

locals {
  services  = "arn:${var.partition}:ecs:${var.place}:service/${var.fleet_clusters}/*"
  clusters  = "arn:${var.partition}:ecs:${var.place}:cluster/${var.fleet_clusters}"
  tasks     = "arn:${var.partition}:ecs:${var.place}:task/${var.fleet_clusters}/*"
  instances = "arn:${var.partition}:ecs:${var.place}:container-instance/${var.fleet_clusters}/*"
  groups    = "arn:${var.partition}:autoscaling:${var.place}:autoScalingGroup:*:autoScalingGroupName/${var.fleet_groups}"

  of_tags    = ["FindServices", "ReadService", "ScaleService"]
  of_files   = ["ReadAndScaleService"]
  of_objects = ["ReadFleet"]
  of_groups = ["ReadCapacityProvider", "ReadGroup", "StartInstances", "ListInstances", "ListWorkOnInstances",
  "ReadWorkOnInstances", "DrainInstances", "MarkInstances", "EndInstances"]
  of_roles = ["AssumeRoles"]
  left_out = concat(
    var.tagged ? local.of_files : local.of_tags,
    var.fleet_file == "" ? local.of_objects : [],
    var.fleet_groups == "" ? local.of_groups : [],
    length(var.roles) == 0 ? local.of_roles : [],
  )

  statements = [
    {
      Sid      = "FindServices"
      Effect   = "Allow"
      Action   = ["tag:GetResources"]
      Resource = ["*"]
    },
    {
      Sid      = "ReadFleet"
      Effect   = "Allow"
      Action   = ["s3:GetObject"]
      Resource = ["arn:${var.partition}:s3:::${trimprefix(var.fleet_file, "s3://")}"]
    },
    {
      Sid      = "ReadJobQueue"
      Effect   = "Allow"
      Action   = ["sqs:GetQueueAttributes"]
      Resource = ["arn:${var.partition}:sqs:${var.place}:${var.fleet_queues}"]
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
      Sid      = "ReadAndScaleService"
      Effect   = "Allow"
      Action   = ["ecs:DescribeServices", "ecs:UpdateService"]
      Resource = [local.services]
    },
    {
      Sid      = "RememberState"
      Effect   = "Allow"
      Action   = ["ecs:TagResource", "ecs:UntagResource"]
      Resource = [local.services]
      Condition = merge(
        { "ForAllValues:StringEquals" = { "aws:TagKeys" = var.tagged ? ["ecs-scaler:state", "ecs-scaler:last-good"] : ["ecs-scaler:state"] } },
        { for name, given in { Null = { "aws:ResourceTag/ecs-scaler:queue" = ["false"] } } : name => given if var.tagged },
      )
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
      Resource = ["arn:${var.partition}:ecs:${var.place}:capacity-provider/*"]
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
    {
      Sid      = "AssumeRoles"
      Effect   = "Allow"
      Action   = ["sts:AssumeRole"]
      Resource = var.roles
    },
  ]
}
