#!/bin/bash
# Submits both jobs from the project's folder: submit.sh --variant org/model
set -euo pipefail
here=$(dirname "$(realpath "$0")")
array=$(sbatch --parsable "$here/measure.sbatch" "$@")
sbatch --dependency="afterany:$array" "$here/judge.sbatch" "$array" "$@"
