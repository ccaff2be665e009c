variable "name" {
  description = "Name of cluster, service, capacity provider and all else that is created"
  type        = string
}

variable "zip" {
  description = "The function's code, of a release or of ./dev package"
  type        = string
}

variable "image" {
  description = "The worker's image, with its registry and tag or digest"
  type        = string
}

variable "subnet_ids" {
  description = "Subnets of the instances and tasks, from which the registry, ECS, SQS and CloudWatch Logs can be reached"
  type        = list(string)
}

variable "security_group_ids" {
  description = "Must let instances and tasks call AWS"
  type        = list(string)
}

variable "instance_types" {
  description = "What ECS may start; a fee for each type comes on top of its price"
  type        = list(string)
  default     = ["g5.xlarge", "g6.xlarge"]
}

variable "scale_in_after" {
  description = "Seconds that an instance stays after its last task"
  type        = number
  default     = 60
}

variable "tasks_max" {
  description = "The most tasks"
  type        = number
  default     = 4
}

variable "task_cpu" {
  description = "CPU units of a task, 1024 for a vCPU"
  type        = number
  default     = 2048
}

variable "task_memory" {
  description = "MiB of a task"
  type        = number
  default     = 8192
}

variable "volume_size" {
  description = "GiB of an instance's volume, which holds the image"
  type        = number
  default     = 80
}

variable "scale_in_when" {
  description = "idle, or protected where workers protect their task or have ecs-guard before them"
  type        = string
  default     = "idle"
}

variable "queue_visibility_timeout" {
  description = "Seconds that a worker has for a message"
  type        = number
  default     = 900
}
