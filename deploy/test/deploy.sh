#!/usr/bin/env bash
# Deploys a scaler and everything that it needs around it, so that `ecs-scaler verify` can check it
# end to end: into the AWS account of the usual credentials, or into an embedded AWS.
# cleanup.sh beside it removes all of it again.
set -euo pipefail

here="$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)"
root="$(cd "$here/../.." && pwd)"
# shellcheck source=deploy/test/common.sh
source "$here/common.sh"

zip="$root/dist/bootstrap-x86_64.zip"
work_seconds=2
template="$root/deploy/cloudformation/template.yaml"

usage() {
  cat <<'TEXT'
usage: deploy/test/deploy.sh [--stack NAME] [--zip FILE] [--work-seconds N]
                             [--template FILE] [--emulator]

  --stack NAME       of the two stacks, NAME and NAME-scaler (default ecs-scaler-test)
  --zip FILE         the scaler (default dist/bootstrap-x86_64.zip, made by ./dev package)
  --work-seconds N   how long the worker takes for a message (default 2)
  --template FILE    of the scaler (default deploy/cloudformation/template.yaml)
  --emulator         into an embedded AWS on this machine: no account is needed

Account and region are those of the AWS CLI. What it makes costs a few cents an hour while tasks run
and next to nothing while they do not; deploy/test/cleanup.sh removes it.
TEXT
}

while (($#)); do
  case "$1" in
    --stack) stack="${2:?--stack needs a name}"; shift 2 ;;
    --zip) zip="${2:?--zip needs a file}"; shift 2 ;;
    --work-seconds) work_seconds="${2:?--work-seconds needs a number}"; shift 2 ;;
    --template) template="$(realpath "${2:?--template needs a file}")"; shift 2 ;;
    --emulator) emulator=yes; shift ;;
    -h | --help) usage; exit 0 ;;
    *) usage >&2; exit 2 ;;
  esac
done
check_stack_name
[[ "$work_seconds" =~ ^[0-9]+$ ]] || fail "--work-seconds: '$work_seconds' is no whole number"
[[ -f "$zip" ]] || fail "$zip does not exist: run ./dev package, or name another with --zip"
zip="$(realpath "$zip")"

# --- an embedded AWS ------------------------------------------------------------------------------

emulate() {
  local program
  program="$(find_program)"
  mkdir -p "$state"
  if emulator_runs; then
    fail "it runs already (process $(<"$state/pid")); deploy/test/cleanup.sh --emulator ends it"
  fi
  unzip -qo "$zip" bootstrap -d "$state"
  say "not modelled and left out: VPC, subnets, security group, roles, logs, CloudFormation"
  nohup "$program" emulate --port 0 --cluster "$stack" --service "$stack-workers" \
    --queue "$stack-jobs" --lambda "$state/bootstrap" --env SCALE_UP_TARGET=2 \
    --env SCALE_DOWN_THRESHOLD=0.1 --env BUSY_WINDOW=5 \
    --env WAKE_RETURN_SECONDS=2 --work-time "${work_seconds}s" \
    --task-start 2s --task-stop 1s --schedule 5s --mapping-toggle 2s \
    >"$state/ready" 2>"$state/log" </dev/null &
  local process=$! waited=0
  echo "$process" >"$state/pid"
  until grep -qs '"endpoint"' "$state/ready"; do
    kill -0 "$process" 2>/dev/null || fail "the emulator ended: $(tail -n 3 "$state/log")"
    ((waited++ < 100)) || fail "the emulator did not start within 10 s"
    sleep 0.1
  done
  local endpoint
  endpoint="$(sed -E 's/.*"endpoint":"([^"]+)".*/\1/' "$state/ready")"
  cat <<TEXT
An embedded AWS runs at $endpoint with the scaler in it. Check it with:

  AWS_ENDPOINT_URL=$endpoint AWS_REGION=us-east-1 \\
    AWS_ACCESS_KEY_ID=test AWS_SECRET_ACCESS_KEY=test \\
    $program verify --function ecs-scaler --patience 1m --load-time 20s

and end it with deploy/test/cleanup.sh --emulator --stack $stack
TEXT
}

if [[ "$emulator" == yes ]]; then
  emulate
  exit 0
fi

# --- an AWS account -------------------------------------------------------------------------------

need aws
scratch="$(mktemp -d)"
trap 'rm -rf "$scratch"' EXIT

say "infrastructure: stack $stack"
aws cloudformation deploy --stack-name "$stack" --template-file "$here/infrastructure.yaml" \
  --capabilities CAPABILITY_IAM --no-fail-on-empty-changeset \
  --parameter-overrides "WorkSeconds=$work_seconds"
bucket="$(stack_resource "$stack" ArtifactBucket)"
# arn:PARTITION:cloudformation:REGION:ACCOUNT:stack/...
IFS=: read -r _ partition _ region account _ < <(aws cloudformation describe-stacks \
  --stack-name "$stack" --query 'Stacks[0].StackId' --output text)

say "the scaler: stack $stack-scaler"
sed "s|^\( *CodeUri:\).*|\1 $zip|" "$template" >"$scratch/template.yaml"
aws cloudformation package --template-file "$scratch/template.yaml" --s3-bucket "$bucket" \
  --output-template-file "$scratch/packaged.yaml" >/dev/null
aws cloudformation deploy --stack-name "$stack-scaler" --template-file "$scratch/packaged.yaml" \
  --capabilities CAPABILITY_IAM CAPABILITY_AUTO_EXPAND --no-fail-on-empty-changeset \
  --parameter-overrides "Cluster=$stack" "Service=$stack-workers" \
  "QueueArn=arn:$partition:sqs:$region:$account:$stack-jobs" \
  ScaleUpTarget=2 ScaleDownThreshold=1 Doorbell=true

cat <<TEXT

Deployed. Check it with:

  ecs-scaler verify --function $stack-scaler-scaler
  ecs-scaler doctor --function $stack-scaler-scaler

and remove everything with deploy/test/cleanup.sh --stack $stack
TEXT
