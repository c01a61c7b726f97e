#!/usr/bin/env bash
# Five lines of a hundred too early.
set -euo pipefail
echo 200 > answers/p99.txt
