#!/usr/bin/env bash
# Resolve pyproject.toml into the requirements files. One resolution for all, so that they never disagree.
# CUDA's packages are left out: PyPI's torch asks for them itself where it is the one installed.
set -euo pipefail
cd "$(dirname "$0")/.."
uv=.venv/bin/uv
resolve() { "$uv" pip compile pyproject.toml --python-version 3.11 --universal --no-annotate --no-header -q "$@"; }
without_cuda() { grep -vE '^(nvidia|cuda|triton)'; }
all=$(mktemp)
trap 'rm -f "$all"' EXIT
resolve --extra smpl --extra export --extra cluster --extra dev --extra tools | without_cuda >"$all"
head='# Written by `make lock` from pyproject.toml.'
{ echo "$head"; resolve --constraint "$all" | without_cuda; } >requirements.txt
for extra in smpl export cluster; do
    { echo "$head"; resolve --constraint "$all" --extra "$extra" | without_cuda; } | grep -vxFf <(tail -n +2 requirements.txt) >"requirements-$extra.txt"
done
known() { tail -qn +2 requirements.txt requirements-smpl.txt requirements-export.txt requirements-cluster.txt; }
{ echo "$head"; grep -vxFf <(known) "$all"; } >requirements-dev.txt
