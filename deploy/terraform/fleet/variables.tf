variable "name" {
  description = "Prefix of everything that is created; the function is called <name>-scaler"
  type        = string
  validation {
    condition     = can(regex("^[A-Za-z][A-Za-z0-9-]{0,49}$", var.name))
    error_message = "A letter, then letters, digits and -; at most 50 characters."
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

variable "fleet_file" {
  description = "The services of this fleet file (s3://BUCKET/KEY) in place of those that carry the tag; empty for tags"
  type        = string
  default     = ""
  validation {
    condition     = can(regex("^(s3://[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]/[A-Za-z0-9!_.()/-]{1,512})?$", var.fleet_file))
    error_message = "s3://BUCKET/KEY."
  }
}

variable "fleet_profiles" {
  description = "Policies by name, which the tag ecs-scaler:profile chooses from"
  type        = any
  default     = null
}

variable "fleet_accounts" {
  description = "Accounts and regions that are searched (docs/fleets.md), each role made by ../account; empty for this account and region alone. With fleet_file, whose accounts stand in the file, the roles that may be assumed"
  type        = list(object({ role = optional(string), external_id = optional(string), regions = list(string) }))
  default     = []
}

variable "shards" {
  description = "How many invocations at a time look after parts of the fleet, from 2; 0 for one that looks after all"
  type        = number
  default     = 0
  validation {
    condition     = var.shards == 0 || (var.shards >= 2 && var.shards <= 1000)
    error_message = "0, or from 2 to 1000."
  }
}

variable "shard_services" {
  description = "How many services one part may hold, where shards is not 0"
  type        = number
  default     = 500
  validation {
    condition     = var.shard_services >= 1 && var.shard_services <= 100000
    error_message = "From 1 to 100000 services."
  }
}

variable "wake" {
  description = "Event source mappings of this function wake the services of their queues; the role may then receive from all of fleet_queues"
  type        = bool
  default     = false
}

variable "monitoring_rate" {
  description = "EventBridge schedule of the full pass; one minute is the shortest"
  type        = string
  default     = "rate(1 minute)"
}

variable "tick_seconds" {
  description = "Seconds between passes within the minute"
  type        = number
  default     = 10
  validation {
    condition     = var.tick_seconds >= 1 && var.tick_seconds <= 59
    error_message = "From 1 to 59 seconds."
  }
}

variable "metrics" {
  description = "Empty, emf, or emf:NAME,NAME; each metric of each service is billed"
  type        = string
  default     = ""
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
  description = "ARN of the policy that bounds the function's role"
  type        = string
  default     = null
}

variable "subnet_ids" {
  description = "Subnets for the function, from which SQS, ECS and what else it calls can be reached; empty for none"
  type        = list(string)
  default     = []
}

variable "security_group_ids" {
  description = "Security groups for the function; with subnet_ids only"
  type        = list(string)
  default     = []
}

variable "kms_key_arn" {
  description = "A key of yours for the queues and the log group that are created and for the function's variables"
  type        = string
  default     = null
}

variable "reserved_concurrency" {
  description = "Keeps so much of the account's concurrency for the function, where other functions may use it up; at least 3, with shards so many more, and 2 more for each queue that wakes"
  type        = number
  default     = null
}

variable "paused" {
  description = "It looks, decides and logs, and changes no count of services whose tags do not say paused=false"
  type        = bool
  default     = false
}

variable "architecture" {
  description = "x86_64 or arm64"
  type        = string
  default     = "x86_64"
  validation {
    condition     = contains(["x86_64", "arm64"], var.architecture)
    error_message = "Either x86_64 or arm64."
  }
}

variable "zip" {
  description = "The function's code: dist/bootstrap-<architecture>.zip of ./dev package or of a release"
  type        = string
}

variable "alarm_topic_arn" {
  description = "SNS topic that the alarms notify; empty for none"
  type        = string
  default     = ""
}

variable "silence_alarm_seconds" {
  description = "How long nothing may call the function, or no pass succeed, a multiple of 60; longer than monitoring_rate"
  type        = number
  default     = 900
  validation {
    condition     = var.silence_alarm_seconds >= 60 && var.silence_alarm_seconds % 60 == 0
    error_message = "A multiple of 60 seconds."
  }
}

variable "environment" {
  description = "Further variables of the function, such as the defaults of what tags do not say: MODE, TASKS_MAX, HTTPS_PROXY"
  type        = map(string)
  default     = {}
}

variable "tags" {
  description = "Tags of everything that is created and can have them"
  type        = map(string)
  default     = {}
}
