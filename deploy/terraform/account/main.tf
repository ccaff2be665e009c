# The role by which a fleet's scaler reaches the services of this account, once an account: the
# same as deploy/cloudformation/account.yaml makes.

data "aws_caller_identity" "current" {}
data "aws_partition" "current" {}

locals {
  partition = data.aws_partition.current.partition
  place     = "${var.regions}:${data.aws_caller_identity.current.account_id}"
}

module "policy" {
  source         = "../fleet-policy"
  partition      = local.partition
  place          = local.place
  tagged         = var.tagged
  fleet_queues   = var.fleet_queues
  fleet_clusters = var.fleet_clusters
  fleet_groups   = var.fleet_groups
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
  policy = jsonencode({ Version = "2012-10-17", Statement = module.policy.statements })
}
