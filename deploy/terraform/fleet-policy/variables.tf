variable "partition" {
  type = string
}

variable "place" {
  description = "Region and account, as ARNs have them; * for any region"
  type        = string
}

variable "fleet_queues" {
  type = string
}

variable "fleet_clusters" {
  type = string
}

variable "fleet_groups" {
  description = "Auto Scaling groups that services drive; empty for none"
  type        = string
}

variable "tagged" {
  description = "Services carry the tag, and what does not is not changed; false for those of a fleet file"
  type        = bool
  default     = true
}

variable "fleet_file" {
  description = "s3://bucket/key of the fleet file that is read; empty for none"
  type        = string
  default     = ""
}

variable "roles" {
  description = "ARNs of the roles in other accounts"
  type        = list(string)
  default     = []
}
