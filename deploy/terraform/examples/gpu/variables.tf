variable "name" {
  description = "Name of cluster, service, group and all else that is created"
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
  description = "Subnets of the instances, from which the registry, ECS, SQS and CloudWatch Logs can be reached"
  type        = list(string)
}

variable "security_group_ids" {
  description = "Must let the instances call AWS"
  type        = list(string)
}

variable "instance_type" {
  description = "A type with NVIDIA GPUs"
  type        = string
  default     = "g5.xlarge"
}

variable "tasks_per_instance" {
  description = "GPUs of that type, since each task has one"
  type        = number
  default     = 1
}

variable "tasks_max" {
  description = "The most tasks, and so the most instances"
  type        = number
  default     = 4
}

variable "task_memory" {
  description = "MiB of an instance that a task has for certain; ECS places no more tasks than have room"
  type        = number
  default     = 8192
}

variable "volume_size" {
  description = "GiB of an instance's volume, which holds the image"
  type        = number
  default     = 80
}

variable "ami" {
  description = "Parameter that names the instances' image"
  type        = string
  default     = "/aws/service/ecs/optimized-ami/amazon-linux-2023/gpu/recommended/image_id"
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
