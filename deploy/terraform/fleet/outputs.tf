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

output "log_group_name" {
  description = "What every pass saw and did"
  value       = aws_cloudwatch_log_group.scaler.name
}
