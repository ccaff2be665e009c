variable "role_name" {
  description = "Name of the role; its ARN stands in the scaler's fleet_accounts, and in its fleet file"
  type        = string
  default     = "ecs-scaler"
  validation {
    condition     = can(regex("^[A-Za-z0-9_+=,.@-]{1,64}$", var.role_name))
    error_message = "A name of IAM."
  }
}

variable "scaler_role_arn" {
  description = "Role of the function or the controller, the output role_arn of its module"
  type        = string
  validation {
    condition     = can(regex("^arn:[a-z-]+:iam::[0-9]{12}:role/.+$", var.scaler_role_arn))
    error_message = "The ARN of a role."
  }
}

variable "external_id" {
  description = "What fleet_accounts, or the fleet file, says as external_id for this role"
  type        = string
  validation {
    # In two steps: an expression may repeat what it matches a thousand times at most.
    condition     = can(regex("^[A-Za-z0-9_+=,.@:/-]{2,}$", var.external_id)) && length(var.external_id) <= 1224
    error_message = "2 to 1224 letters, digits and _+=,.@:/-"
  }
}

variable "tagged" {
  description = "The role can change only services that carry the tag; false where a fleet file names them, which carry none"
  type        = bool
  default     = true
}

variable "regions" {
  description = "Name of the regions whose services may be scaled, with * for anything"
  type        = string
  default     = "*"
  validation {
    condition     = can(regex("^[a-z0-9*-]{1,32}$", var.regions))
    error_message = "One name, with * for anything."
  }
}

variable "fleet_queues" {
  description = "Name of the queues of these services, with * for anything; the role can read no others"
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
  description = "Name of the Auto Scaling groups that services drive which say capacity=own, with * for anything; empty for none"
  type        = string
  default     = ""
  validation {
    condition     = can(regex("^[A-Za-z0-9 ._/*-]{0,255}$", var.fleet_groups))
    error_message = "A name, with * for anything."
  }
}

variable "permissions_boundary" {
  description = "ARN of the policy that bounds the role"
  type        = string
  default     = null
}

variable "tags" {
  description = "Tags of everything that is created and can have them"
  type        = map(string)
  default     = {}
}
