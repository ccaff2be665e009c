# Made by tools/deployment_settings.py from the program's table. What is null is no
# variable of the function: the defaults are the program's.

locals {
  policy_variables = { for name, value in {
    MODE                     = var.mode
    SCALE_UP_TARGET          = var.scale_up_target
    BACKLOG_PER_TASK         = var.backlog_per_task
    TARGET_LATENCY           = var.target_latency
    SECONDS_PER_MESSAGE      = var.seconds_per_message
    CONCURRENCY_PER_TASK     = var.concurrency_per_task
    COUNT_IN_FLIGHT          = var.count_in_flight
    COUNT_DELAYED            = var.count_delayed
    COMBINE                  = var.combine
    ACTIVATION_BACKLOG       = var.activation_backlog
    TASKS_MIN                = var.tasks_min
    TASKS_MAX                = var.tasks_max
    SCALE_DOWN_THRESHOLD     = var.scale_down_threshold
    ZERO_CONFIRMATIONS       = var.zero_confirmations
    TOLERANCE                = var.tolerance
    SCALE_IN_WINDOW          = var.scale_in_window
    SCALE_OUT_WINDOW         = var.scale_out_window
    SCALE_IN_COOLDOWN        = var.scale_in_cooldown
    SCALE_OUT_COOLDOWN       = var.scale_out_cooldown
    SCALE_IN_WHEN            = var.scale_in_when
    BUSY_WINDOW              = var.busy_window
    DEPLOYMENT_HOLD          = var.deployment_hold
    SCALE_OUT_BUDGET         = var.scale_out_budget == null ? null : try(tostring(var.scale_out_budget), jsonencode(var.scale_out_budget))
    SCALE_IN_BUDGET          = var.scale_in_budget == null ? null : try(tostring(var.scale_in_budget), jsonencode(var.scale_in_budget))
    SCHEDULES                = var.schedules == null ? null : try(tostring(var.schedules), jsonencode(var.schedules))
    FALLBACK_TASKS           = var.fallback_tasks
    FAILURES_BEFORE_FALLBACK = var.failures_before_fallback
    SHORTAGE_AFTER           = var.shortage_after
    HOLD_ON_SHORTAGE         = var.hold_on_shortage
    MANUAL_HOLD              = var.manual_hold
    CAPACITY                 = var.capacity
    CAPACITY_ORDER           = var.capacity_order
    INSTANCE_IDLE            = var.instance_idle
    INSTANCE_MIN             = var.instance_min
    INSTANCE_TASKS           = var.instance_tasks
    PAUSED                   = var.paused
    SCALE_IN_PAUSED          = var.scale_in_paused
    SCALE_OUT_PAUSED         = var.scale_out_paused
    WAKE_RETURN_SECONDS      = var.wake_return_seconds
  } : name => tostring(value) if value != null }
}

variable "mode" {
  description = "How demand is made of the backlog: a fixed target, so many messages per task, or as many as one task works off within a target latency."
  type        = string
  default     = null
  validation {
    condition     = var.mode == null ? true : contains(["fixed", "backlog", "latency"], var.mode)
    error_message = "One of fixed, backlog, latency."
  }
}

variable "scale_up_target" {
  description = "Mode fixed: the count to run while there is a backlog. 1 to 5000 tasks."
  type        = number
  default     = null
  validation {
    condition     = var.scale_up_target == null ? true : var.scale_up_target >= 1 && var.scale_up_target <= 5000 && floor(var.scale_up_target) == var.scale_up_target
    error_message = "A whole number, 1 to 5000 tasks."
  }
}

variable "backlog_per_task" {
  description = "Mode backlog: one task for each so many messages, rounded up. 1 to 1000000000 messages per task."
  type        = number
  default     = null
  validation {
    condition     = var.backlog_per_task == null ? true : var.backlog_per_task >= 1 && var.backlog_per_task <= 1000000000 && floor(var.backlog_per_task) == var.backlog_per_task
    error_message = "A whole number, 1 to 1000000000 messages per task."
  }
}

variable "target_latency" {
  description = "Mode latency: how long a message may take from being sent to being done. 0.001 to 1209600 seconds."
  type        = number
  default     = null
  validation {
    condition     = var.target_latency == null ? true : var.target_latency >= 0.001 && var.target_latency <= 1209600
    error_message = "From 0.001 to 1209600 seconds."
  }
}

variable "seconds_per_message" {
  description = "Mode latency: how long a worker takes for one message. 0.000001 to 1209600 seconds."
  type        = number
  default     = null
  validation {
    condition     = var.seconds_per_message == null ? true : var.seconds_per_message >= 0.000001 && var.seconds_per_message <= 1209600
    error_message = "From 0.000001 to 1209600 seconds."
  }
}

variable "concurrency_per_task" {
  description = "How many messages one task works on at a time. 1 to 1000000000 messages."
  type        = number
  default     = null
  validation {
    condition     = var.concurrency_per_task == null ? true : var.concurrency_per_task >= 1 && var.concurrency_per_task <= 1000000000 && floor(var.concurrency_per_task) == var.concurrency_per_task
    error_message = "A whole number, 1 to 1000000000 messages."
  }
}

variable "count_in_flight" {
  description = "Whether messages that a worker holds count as backlog."
  type        = bool
  default     = null
}

variable "count_delayed" {
  description = "Whether messages that cannot be received yet count as backlog."
  type        = bool
  default     = null
}

variable "combine" {
  description = "How the backlogs of several queues become one."
  type        = string
  default     = null
  validation {
    condition     = var.combine == null ? true : contains(["sum", "max"], var.combine)
    error_message = "One of sum, max."
  }
}

variable "activation_backlog" {
  description = "A service at zero is started from this backlog on. 1 to 1000000000 messages."
  type        = number
  default     = null
  validation {
    condition     = var.activation_backlog == null ? true : var.activation_backlog >= 1 && var.activation_backlog <= 1000000000 && floor(var.activation_backlog) == var.activation_backlog
    error_message = "A whole number, 1 to 1000000000 messages."
  }
}

variable "tasks_min" {
  description = "Never fewer tasks than this. 0 to 5000 tasks."
  type        = number
  default     = null
  validation {
    condition     = var.tasks_min == null ? true : var.tasks_min >= 0 && var.tasks_min <= 5000 && floor(var.tasks_min) == var.tasks_min
    error_message = "A whole number, 0 to 5000 tasks."
  }
}

variable "tasks_max" {
  description = "Never more tasks than this (default: the target in mode fixed, otherwise ECS's own 5000). 1 to 5000 tasks."
  type        = number
  default     = null
  validation {
    condition     = var.tasks_max == null ? true : var.tasks_max >= 1 && var.tasks_max <= 5000 && floor(var.tasks_max) == var.tasks_max
    error_message = "A whole number, 1 to 5000 tasks."
  }
}

variable "scale_down_threshold" {
  description = "How long every look must have found the queue wholly empty before it scales to the minimum. 0 to 20160 minutes."
  type        = number
  default     = null
  validation {
    condition     = var.scale_down_threshold == null ? true : var.scale_down_threshold >= 0 && var.scale_down_threshold <= 20160
    error_message = "From 0 to 20160 minutes."
  }
}

variable "zero_confirmations" {
  description = "How many such looks there must have been: SQS counts are approximate and dip. 1 to 1000 observations."
  type        = number
  default     = null
  validation {
    condition     = var.zero_confirmations == null ? true : var.zero_confirmations >= 1 && var.zero_confirmations <= 1000 && floor(var.zero_confirmations) == var.zero_confirmations
    error_message = "A whole number, 1 to 1000 observations."
  }
}

variable "tolerance" {
  description = "A change smaller than this part of the desired count is not made. 0 to 1 ratio."
  type        = number
  default     = null
  validation {
    condition     = var.tolerance == null ? true : var.tolerance >= 0 && var.tolerance <= 1
    error_message = "From 0 to 1 ratio."
  }
}

variable "scale_in_window" {
  description = "Scale-in goes no lower than the highest need within this time. 0 to 1209600 seconds."
  type        = number
  default     = null
  validation {
    condition     = var.scale_in_window == null ? true : var.scale_in_window >= 0 && var.scale_in_window <= 1209600
    error_message = "From 0 to 1209600 seconds."
  }
}

variable "scale_out_window" {
  description = "Scale-out goes no higher than the lowest need within this time; never from zero. 0 to 1209600 seconds."
  type        = number
  default     = null
  validation {
    condition     = var.scale_out_window == null ? true : var.scale_out_window >= 0 && var.scale_out_window <= 1209600
    error_message = "From 0 to 1209600 seconds."
  }
}

variable "scale_in_cooldown" {
  description = "Pause after a scale-in before the next one. 0 to 1209600 seconds."
  type        = number
  default     = null
  validation {
    condition     = var.scale_in_cooldown == null ? true : var.scale_in_cooldown >= 0 && var.scale_in_cooldown <= 1209600
    error_message = "From 0 to 1209600 seconds."
  }
}

variable "scale_out_cooldown" {
  description = "Pause after a scale-out before the next one; never from zero. 0 to 1209600 seconds."
  type        = number
  default     = null
  validation {
    condition     = var.scale_out_cooldown == null ? true : var.scale_out_cooldown >= 0 && var.scale_out_cooldown <= 1209600
    error_message = "From 0 to 1209600 seconds."
  }
}

variable "scale_in_when" {
  description = "When tasks may be stopped: only while nothing is in flight; down to the protected and the busy ones; or down to what is in flight."
  type        = string
  default     = null
  validation {
    condition     = var.scale_in_when == null ? true : contains(["idle", "protected", "any"], var.scale_in_when)
    error_message = "One of idle, protected, any."
  }
}

variable "busy_window" {
  description = "Messages in flight keep their tasks for so long after they were seen: SQS's counts dip for up to a minute (0 trusts a single look). 0 to 1209600 seconds."
  type        = number
  default     = null
  validation {
    condition     = var.busy_window == null ? true : var.busy_window >= 0 && var.busy_window <= 1209600
    error_message = "From 0 to 1209600 seconds."
  }
}

variable "deployment_hold" {
  description = "A deployment that rolls out holds scale-in for so long; an empty queue goes to the minimum all the same. 0 to 1209600 seconds."
  type        = number
  default     = null
  validation {
    condition     = var.deployment_hold == null ? true : var.deployment_hold >= 0 && var.deployment_hold <= 1209600
    error_message = "From 0 to 1209600 seconds."
  }
}

variable "scale_out_budget" {
  description = "The most tasks or percent that may be added within a period."
  type        = any
  default     = null
}

variable "scale_in_budget" {
  description = "The most tasks or percent that may be removed within a period."
  type        = any
  default     = null
}

variable "schedules" {
  description = "Other bounds at certain hours: a list of cron, duration, time_zone, tasks_min, tasks_max."
  type        = any
  default     = null
}

variable "fallback_tasks" {
  description = "The least count to run when the queue cannot be read for long (default: hold). 0 to 5000 tasks."
  type        = number
  default     = null
  validation {
    condition     = var.fallback_tasks == null ? true : var.fallback_tasks >= 0 && var.fallback_tasks <= 5000 && floor(var.fallback_tasks) == var.fallback_tasks
    error_message = "A whole number, 0 to 5000 tasks."
  }
}

variable "failures_before_fallback" {
  description = "How many passes in a row must fail to read the queue before the fallback. 1 to 1000 passes."
  type        = number
  default     = null
  validation {
    condition     = var.failures_before_fallback == null ? true : var.failures_before_fallback >= 1 && var.failures_before_fallback <= 1000 && floor(var.failures_before_fallback) == var.failures_before_fallback
    error_message = "A whole number, 1 to 1000 passes."
  }
}

variable "shortage_after" {
  description = "Fewer tasks running than desired for so long is a capacity shortage, which is reported. 0 to 1209600 seconds."
  type        = number
  default     = null
  validation {
    condition     = var.shortage_after == null ? true : var.shortage_after >= 0 && var.shortage_after <= 1209600
    error_message = "From 0 to 1209600 seconds."
  }
}

variable "hold_on_shortage" {
  description = "Whether a capacity shortage holds further scale-out."
  type        = bool
  default     = null
}

variable "manual_hold" {
  description = "How long a desired count that somebody else set is respected, unless it is zero and a backlog waits. 0 to 1209600 seconds."
  type        = number
  default     = null
  validation {
    condition     = var.manual_hold == null ? true : var.manual_hold >= 0 && var.manual_hold <= 1209600
    error_message = "From 0 to 1209600 seconds."
  }
}

variable "capacity" {
  description = "Who drives the EC2 instances under the tasks: AWS (a wake from none asks for the first at once); this program, which starts and ends those of the service's Auto Scaling group; or nobody looks."
  type        = string
  default     = null
  validation {
    condition     = var.capacity == null ? true : contains(["follow", "own", "off"], var.capacity)
    error_message = "One of follow, own, off."
  }
}

variable "capacity_order" {
  description = "With capacity own: whether the desired count is set at once, so that ECS places the tasks when an instance comes, or only as instances have room."
  type        = string
  default     = null
  validation {
    condition     = var.capacity_order == null ? true : contains(["tasks_first", "instances_first"], var.capacity_order)
    error_message = "One of tasks_first, instances_first."
  }
}

variable "instance_idle" {
  description = "With capacity own: how long an instance is kept without a task before it is drained. 0 to 1209600 seconds."
  type        = number
  default     = null
  validation {
    condition     = var.instance_idle == null ? true : var.instance_idle >= 0 && var.instance_idle <= 1209600
    error_message = "From 0 to 1209600 seconds."
  }
}

variable "instance_min" {
  description = "With capacity own: never fewer instances than this, within the group's own bounds. 0 to 10000 instances."
  type        = number
  default     = null
  validation {
    condition     = var.instance_min == null ? true : var.instance_min >= 0 && var.instance_min <= 10000 && floor(var.instance_min) == var.instance_min
    error_message = "A whole number, 0 to 10000 instances."
  }
}

variable "instance_tasks" {
  description = "How many tasks one instance holds at most (default: what its resources allow, which is known once one has registered). 1 to 5000 tasks."
  type        = number
  default     = null
  validation {
    condition     = var.instance_tasks == null ? true : var.instance_tasks >= 1 && var.instance_tasks <= 5000 && floor(var.instance_tasks) == var.instance_tasks
    error_message = "A whole number, 1 to 5000 tasks."
  }
}

variable "paused" {
  description = "Change nothing."
  type        = bool
  default     = null
}

variable "scale_in_paused" {
  description = "Never scale in."
  type        = bool
  default     = null
}

variable "scale_out_paused" {
  description = "Never scale out."
  type        = bool
  default     = null
}

variable "wake_return_seconds" {
  description = "How long a message that woke the service stays invisible before a worker can take it. 0 to 43200 seconds."
  type        = number
  default     = null
  validation {
    condition     = var.wake_return_seconds == null ? true : var.wake_return_seconds >= 0 && var.wake_return_seconds <= 43200 && floor(var.wake_return_seconds) == var.wake_return_seconds
    error_message = "A whole number, 0 to 43200 seconds."
  }
}
