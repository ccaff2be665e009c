output "statements" {
  value = [for one in local.statements : one if !contains(local.left_out, one.Sid)]
}
