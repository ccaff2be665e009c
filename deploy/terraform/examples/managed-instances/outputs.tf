output "job_queue_url" {
  description = "Where the jobs are sent"
  value       = module.scaler.job_queue_url
}

output "capacity_provider_name" {
  description = "What the service runs on"
  value       = aws_ecs_capacity_provider.gpu.name
}

output "function_name" {
  description = "The scaler"
  value       = module.scaler.function_name
}
