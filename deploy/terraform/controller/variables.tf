variable "name" {
  description = "Prefix of everything that is created, and the controller's own name"
  type        = string
  validation {
    condition     = can(regex("^[A-Za-z][A-Za-z0-9-]{0,49}$", var.name))
    error_message = "A letter, then letters, digits and -; at most 50 characters."
  }
}

variable "image" {
  description = "The controller's image, with its registry and tag or digest"
  type        = string
}

variable "cluster" {
  description = "Name of the ECS cluster in which the controller itself runs"
  type        = string
}

variable "replicas" {
  description = "How many run; one of them writes, and another takes over when it ends"
  type        = number
  default     = 2
  validation {
    condition     = var.replicas >= 1 && var.replicas <= 5
    error_message = "From 1 to 5."
  }
}

variable "subnet_ids" {
  description = "Subnets from which the registry, SQS, ECS, DynamoDB, the tagging API and CloudWatch Logs can be reached"
  type        = list(string)
}

variable "security_group_ids" {
  description = "Must let the tasks call AWS, and Prometheus reach port 9464"
  type        = list(string)
}

variable "assign_public_ip" {
  description = "ENABLED where the subnets reach AWS by an internet gateway alone"
  type        = string
  default     = "DISABLED"
  validation {
    condition     = contains(["ENABLED", "DISABLED"], var.assign_public_ip)
    error_message = "Either ENABLED or DISABLED."
  }
}

variable "architecture" {
  description = "X86_64 or ARM64, of the image"
  type        = string
  default     = "X86_64"
  validation {
    condition     = contains(["X86_64", "ARM64"], var.architecture)
    error_message = "Either X86_64 or ARM64."
  }
}

variable "interval" {
  description = "Time between passes, 100ms at least; a number of ms, s or m"
  type        = string
  default     = "10s"
  validation {
    condition     = can(regex("^([1-9][0-9]{2,6}ms|[1-9][0-9]{0,4}[sm])$", var.interval))
    error_message = "A number of ms, s or m: from 100ms."
  }
}

variable "fleet_tasks_max" {
  description = "No tag can have more tasks than this for a service"
  type        = number
  default     = 100
  validation {
    condition     = var.fleet_tasks_max >= 1 && var.fleet_tasks_max <= 5000
    error_message = "From 1 to 5000 tasks."
  }
}

variable "fleet_queues" {
  description = "Name of the queues that tags may name, with * for anything; the role can read no others"
  type        = string
  default     = "*"
  validation {
    condition     = can(regex("^[A-Za-z0-9_*-]{1,80}(\\.fifo)?$", var.fleet_queues))
    error_message = "One name, with * for anything."
  }
}

variable "fleet_clusters" {
  description = "Name of the clusters whose services may be scaled, with * for anything; the role can scale in no others"
  type        = string
  default     = "*"
  validation {
    condition     = can(regex("^[A-Za-z0-9_*-]{1,255}$", var.fleet_clusters))
    error_message = "One name, with * for anything."
  }
}

variable "fleet_groups" {
  description = "Name of the Auto Scaling groups that services drive whose tags say capacity=own, with * for anything; empty for none"
  type        = string
  default     = ""
  validation {
    condition     = can(regex("^[A-Za-z0-9 ._/*-]{0,255}$", var.fleet_groups))
    error_message = "A name, with * for anything."
  }
}

variable "fleet_accounts" {
  description = "Accounts and regions that are searched (docs/fleets.md), each role made by ../account; empty for this account and region alone"
  type        = list(object({ role = optional(string), external_id = optional(string), regions = list(string) }))
  default     = []
}

variable "log_level" {
  description = "TRACE, DEBUG or INFO: the alarms count lines of the log, which higher levels leave out"
  type        = string
  default     = "INFO"
  validation {
    condition     = contains(["TRACE", "DEBUG", "INFO"], var.log_level)
    error_message = "TRACE, DEBUG or INFO."
  }
}

variable "log_retention_days" {
  description = "One of the numbers of days that CloudWatch Logs offers"
  type        = number
  default     = 14
}

variable "permissions_boundary" {
  description = "ARN of the policy that bounds both roles"
  type        = string
  default     = null
}

variable "alarm_topic_arn" {
  description = "SNS topic that the alarms notify; empty for none"
  type        = string
  default     = ""
}

variable "silence_alarm_seconds" {
  description = "How long no pass may succeed, a multiple of 60; longer than interval"
  type        = number
  default     = 300
  validation {
    condition     = var.silence_alarm_seconds >= 120 && var.silence_alarm_seconds % 60 == 0
    error_message = "A multiple of 60 seconds, from 120."
  }
}

variable "fleet_profiles" {
  description = "Policies by name, which the tag ecs-scaler:profile chooses from"
  type        = any
  default     = null
}

variable "paused" {
  description = "It looks, decides and logs, and changes no count of services whose tags do not say paused=false"
  type        = bool
  default     = false
}

variable "environment" {
  description = "Further variables of the controller, such as the defaults of what tags do not say: MODE, TASKS_MAX, HTTPS_PROXY"
  type        = map(string)
  default     = {}
}

variable "tags" {
  description = "Tags of everything that is created and can have them"
  type        = map(string)
  default     = {}
}
