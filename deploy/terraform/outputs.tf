output "function_name" {
  description = "The scaler"
  value       = aws_lambda_function.scaler.function_name
}

output "function_arn" {
  description = "The same as an ARN"
  value       = aws_lambda_function.scaler.arn
}

output "role_arn" {
  description = "The function's role, as which it reads, scales and tags"
  value       = aws_iam_role.scaler.arn
}

output "job_queue_url" {
  description = "Where the jobs are sent"
  value       = local.job_queue_url
}

output "job_queue_arn" {
  description = "The same as an ARN"
  value       = local.job_queue_arn
}

output "job_dead_letter_queue_url" {
  description = "Where messages end that no worker could process; null for a queue of yours"
  value       = one(aws_sqs_queue.job_dead_letter[*].url)
}

output "doorbell_queue_url" {
  description = "A message here starts a scale-out; null without a doorbell"
  value       = one(aws_sqs_queue.doorbell[*].url)
}

output "log_group_name" {
  description = "What every pass saw and did"
  value       = aws_cloudwatch_log_group.scaler.name
}
