variable "name" {
  description = "Prefix of everything that is created; the function is called <name>-scaler"
  type        = string
  validation {
    condition     = can(regex("^[A-Za-z][A-Za-z0-9-]{0,49}$", var.name))
    error_message = "A letter, then letters, digits and -; at most 50 characters."
  }
}

variable "cluster" {
  description = "Name of the ECS cluster"
  type        = string
  validation {
    condition     = can(regex("^[A-Za-z0-9_-]{1,255}$", var.cluster))
    error_message = "The cluster's name, not its ARN."
  }
}

variable "service" {
  description = "Name of the ECS service"
  type        = string
  validation {
    condition     = can(regex("^[A-Za-z0-9_-]{1,255}$", var.service))
    error_message = "The service's name, not its ARN."
  }
}

variable "queue_name" {
  description = "Name of the job queue to create; empty when queue_arn is given"
  type        = string
  default     = ""
}

variable "queue_arn" {
  description = "ARN of an existing job queue; empty to create one"
  type        = string
  default     = ""
  validation {
    condition     = can(regex("^(arn:aws[a-z-]*:sqs:[a-z0-9-]+:[0-9]{12}:[A-Za-z0-9_-]{1,80}(\\.fifo)?)?$", var.queue_arn))
    error_message = "Either empty or the ARN of an SQS queue."
  }
}

variable "queue_visibility_timeout" {
  description = "Seconds that a worker has for a message of the created queue; at least 6 x the function's timeout"
  type        = number
  default     = 180
  validation {
    condition     = var.queue_visibility_timeout >= 180 && var.queue_visibility_timeout <= 43200
    error_message = "From 180 to 43200 seconds."
  }
}

variable "monitoring_rate" {
  description = "EventBridge schedule of the full pass; one minute is the shortest"
  type        = string
  default     = "rate(1 minute)"
}

variable "wake" {
  description = "The job queue's own event source mapping wakes the service; not for FIFO queues"
  type        = bool
  default     = true
}

variable "tick_seconds" {
  description = "Seconds between passes within the minute; 0 for the schedule alone"
  type        = number
  default     = 10
  validation {
    condition     = var.tick_seconds >= 0 && var.tick_seconds <= 59
    error_message = "From 0 to 59 seconds."
  }
}

variable "doorbell" {
  description = "Create a doorbell queue; a message on it starts a scale-out"
  type        = bool
  default     = false
}

variable "metrics" {
  description = "Empty, emf, or emf:NAME,NAME; each metric of each service is billed"
  type        = string
  default     = ""
}

variable "log_level" {
  description = "TRACE, DEBUG, INFO, WARN, ERROR or FATAL"
  type        = string
  default     = "INFO"
}

variable "log_retention_days" {
  description = "One of the numbers of days that CloudWatch Logs offers"
  type        = number
  default     = 14
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

variable "monitoring" {
  description = "Create a dashboard and alarms; the alarm for capacity needs metrics with CapacityShortage"
  type        = bool
  default     = false
}

variable "alarm_topic_arn" {
  description = "SNS topic that the alarms notify; empty for none"
  type        = string
  default     = ""
}

variable "backlog_alarm_seconds" {
  description = "Age of the oldest message that raises the alarm \"backlog\", while messages wait"
  type        = number
  default     = 900
}

variable "silence_alarm_seconds" {
  description = "How long nothing may call the function, a multiple of 60; longer than monitoring_rate"
  type        = number
  default     = 900
  validation {
    condition     = var.silence_alarm_seconds >= 60 && var.silence_alarm_seconds % 60 == 0
    error_message = "A multiple of 60 seconds."
  }
}

variable "auto_scaling_group" {
  description = "Name of the Auto Scaling group under the service; its capacity may be raised, and with capacity own its instances end"
  type        = string
  default     = ""
  validation {
    condition     = can(regex("^[A-Za-z0-9 ._/-]{0,255}$", var.auto_scaling_group))
    error_message = "The group's name, not its ARN."
  }
}

variable "capacity_provider" {
  description = "Name of the service's capacity provider, which is read; empty for any where there is an auto_scaling_group, else for none"
  type        = string
  default     = ""
  validation {
    condition     = can(regex("^[A-Za-z0-9_-]{0,255}$", var.capacity_provider))
    error_message = "The capacity provider's name, not its ARN."
  }
}

variable "environment" {
  description = "Further variables of the function, such as HTTPS_PROXY; they go before the settings of the same name"
  type        = map(string)
  default     = {}
}

variable "tags" {
  description = "Tags of everything that is created and can have them"
  type        = map(string)
  default     = {}
}

variable "permissions_boundary" {
  description = "ARN of the policy that bounds the function's role"
  type        = string
  default     = null
}

variable "subnet_ids" {
  description = "Subnets for the function, from which SQS, ECS and (for wake) Lambda can be reached; empty for none"
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
  description = "Keeps so much of the account's concurrency for the function, where other functions may use it up; at least 1 and 2 each for wake, ticks and doorbell, since a message that meets a throttled function counts as received"
  type        = number
  default     = null
}
