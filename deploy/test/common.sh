# What deploy.sh and cleanup.sh share. To be sourced; `root` is the project's folder.
# shellcheck shell=bash

stack=ecs-scaler-test
# shellcheck disable=SC2034  # used by the scripts
emulator=no

say() { printf '==> %s\n' "$*"; }
fail() {
  printf '%s: %s\n' "$(basename "$0")" "$*" >&2
  exit 1
}
need() { command -v "$1" >/dev/null || fail "$1 is not here: install it first"; }

check_stack_name() {
  # The longest name that is made of it is <stack>-scaler-scheduled..., which IAM cuts at 64.
  [[ "$stack" =~ ^[a-z][a-z0-9-]{0,31}$ ]] ||
    fail "--stack: '$stack' is not 1 to 32 lower-case letters, digits and hyphens, a letter first"
  # shellcheck disable=SC2034,SC2154  # used by the scripts; set by them
  state="$root/build/deploy-test/$stack"
}

# stack_resource STACK LOGICAL_ID: what AWS calls the resource.
stack_resource() {
  aws cloudformation describe-stack-resource --stack-name "$1" --logical-resource-id "$2" \
    --query StackResourceDetail.PhysicalResourceId --output text
}

stack_exists() { aws cloudformation describe-stacks --stack-name "$1" >/dev/null 2>&1; }

# The ecs-scaler on PATH, else the project's own.
find_program() {
  local candidate
  for candidate in "${ECS_SCALER:-}" "$(command -v ecs-scaler || true)" \
    "$root/build/release/bin/ecs-scaler" "$root/build/dev/bin/ecs-scaler"; do
    if [[ -n "$candidate" && -x "$candidate" ]]; then
      printf '%s' "$candidate"
      return
    fi
  done
  fail "ecs-scaler is not here: put it on PATH, or run ./dev build"
}

# Whether the process that deploy.sh wrote down lives and is ours.
emulator_runs() {
  [[ -s "$state/pid" ]] && grep -qsa -- emulate "/proc/$(<"$state/pid")/cmdline"
}
