#!/usr/bin/env bash
# Removes everything that deploy.sh made. Asks before, and may be run again at any time.
set -euo pipefail

here="$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)"
# shellcheck disable=SC2034  # common.sh uses it
root="$(cd "$here/../.." && pwd)"
# shellcheck source=deploy/test/common.sh
source "$here/common.sh"

asked=no

usage() {
  cat <<'TEXT'
usage: deploy/test/cleanup.sh [--stack NAME] [--yes] [--emulator]

  --stack NAME   the stacks NAME and NAME-scaler (default ecs-scaler-test)
  --yes          do not ask
  --emulator     end the embedded AWS that deploy.sh --emulator started
TEXT
}

while (($#)); do
  case "$1" in
    --stack) stack="${2:?--stack needs a name}"; shift 2 ;;
    --yes) asked=yes; shift ;;
    --emulator) emulator=yes; shift ;;
    -h | --help) usage; exit 0 ;;
    *) usage >&2; exit 2 ;;
  esac
done
check_stack_name

# confirm QUESTION: only a written "yes" will do.
confirm() {
  local answer=
  [[ "$asked" == yes ]] && return
  printf '%s Type yes to go on: ' "$1"
  read -r answer || true
  [[ "$answer" == yes ]] || fail "not confirmed: nothing was removed"
}

if [[ "$emulator" == yes ]]; then
  if ! emulator_runs; then
    say "no embedded AWS of $stack runs"
  else
    confirm "This ends the embedded AWS of $stack; its messages are lost."
    pid="$(<"$state/pid")"
    kill "$pid"
    for _ in {1..100}; do
      emulator_runs || break
      sleep 0.1
    done
    if emulator_runs; then
      fail "process $pid does not end"
    fi
    say "ended"
  fi
  rm -rf "$state"
  exit 0
fi

need aws
aws sts get-caller-identity >/dev/null || fail "the AWS CLI has no valid credentials"

remove_stack() {
  if ! stack_exists "$1"; then
    say "stack $1 does not exist"
    return
  fi
  say "removing stack $1 (some minutes)"
  aws cloudformation delete-stack --stack-name "$1"
  aws cloudformation wait stack-delete-complete --stack-name "$1"
}

if stack_exists "$stack" || stack_exists "$stack-scaler"; then
  confirm "This removes the stacks $stack-scaler and $stack with queues and messages."
fi
# The scaler first, so that nothing starts tasks meanwhile.
remove_stack "$stack-scaler"
if stack_exists "$stack"; then
  bucket="$(stack_resource "$stack" ArtifactBucket)"
  aws s3 rm "s3://$bucket" --recursive --quiet || say "the bucket $bucket could not be emptied"
fi
remove_stack "$stack"
say "nothing is left"
