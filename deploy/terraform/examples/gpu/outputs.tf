output "job_queue_url" {
  description = "Where the jobs are sent"
  value       = module.scaler.job_queue_url
}

output "group_name" {
  description = "The Auto Scaling group under the service"
  value       = aws_autoscaling_group.gpu.name
}

output "function_name" {
  description = "The scaler"
  value       = module.scaler.function_name
}
