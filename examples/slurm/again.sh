#!/bin/bash
# Submits one part of an array again, and the judging after it: again.sh ARRAY_JOB_ID 2/4 --variant org/model
set -euo pipefail
here=$(dirname "$(realpath "$0")")
export REMYX_LEGS=$1 REMYX_PART=$2
shift 2
task=$(sbatch --parsable --array="${REMYX_PART%/*}" "$here/measure.sbatch" "$@")
sbatch --dependency="afterany:$task" "$here/judge.sbatch" "$REMYX_LEGS" "$@"
