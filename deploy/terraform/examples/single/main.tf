# One service, one queue that is created, tasks by the time that a message may take.
#   terraform init && terraform apply -var cluster=main -var service=worker -var zip=bootstrap-x86_64.zip

terraform {
  required_version = ">= 1.5"
}

variable "cluster" {
  type = string
}

variable "service" {
  type = string
}

variable "zip" {
  description = "The function's code, of a release or of ./dev package"
  type        = string
}

module "scaler" {
  source     = "../.."
  name       = "${var.service}-scaler"
  cluster    = var.cluster
  service    = var.service
  queue_name = "${var.service}-jobs"
  zip        = var.zip

  mode                = "latency"
  target_latency      = 60
  seconds_per_message = 20
  tasks_max           = 50
  schedules           = [{ cron = "0 8 * * 1-5", duration = 36000, time_zone = "Europe/Berlin", tasks_min = 1 }]

  monitoring = true
  tags       = { team = "media" }
}

output "job_queue_url" {
  value = module.scaler.job_queue_url
}
