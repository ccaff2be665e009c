output "role_arn" {
  description = "For fleet_accounts of the scaler's module"
  value       = aws_iam_role.scaler.arn
}
