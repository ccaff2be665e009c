# The services of a cluster, each with a queue that exists. What one does not say is the program's default.
#   terraform init && terraform apply -var zip=bootstrap-x86_64.zip

terraform {
  required_version = ">= 1.5"
}

variable "zip" {
  description = "The function's code, of a release or of ./dev package"
  type        = string
}

locals {
  services = {
    thumbnails = {
      queue_arn        = "arn:aws:sqs:eu-central-1:123456789012:thumbnails"
      mode             = "backlog"
      backlog_per_task = 10
      tasks_max        = 20
    }
    transcoding = {
      queue_arn       = "arn:aws:sqs:eu-central-1:123456789012:transcoding"
      scale_up_target = 3
      scale_in_when   = "protected"
    }
  }
}

module "scaler" {
  source   = "../.."
  for_each = local.services

  name      = "${each.key}-scaler"
  cluster   = "production"
  service   = each.key
  queue_arn = each.value.queue_arn
  zip       = var.zip

  mode             = try(each.value.mode, null)
  scale_up_target  = try(each.value.scale_up_target, null)
  backlog_per_task = try(each.value.backlog_per_task, null)
  tasks_max        = try(each.value.tasks_max, null)
  scale_in_when    = try(each.value.scale_in_when, null)
}

output "functions" {
  value = { for service, scaler in module.scaler : service => scaler.function_arn }
}
