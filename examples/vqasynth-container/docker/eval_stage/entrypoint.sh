#!/bin/sh
# Everything that the evaluation needs to know stands in its configuration.
set -eu
exec python3 /app/evaluate.py /app/config/config.yaml
