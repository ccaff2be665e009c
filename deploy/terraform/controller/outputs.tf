output "service_name" {
  description = "The controller's own service"
  value       = aws_ecs_service.controller.name
}

output "task_role_arn" {
  description = "The role as which it reads, scales and tags"
  value       = aws_iam_role.task.arn
}

output "lease_table_name" {
  description = "Whose one item the writing replica holds"
  value       = aws_dynamodb_table.lease.name
}

output "log_group_name" {
  description = "What every pass saw and did"
  value       = aws_cloudwatch_log_group.controller.name
}
