#!/usr/bin/env bash
# Make a virtual environment with Python 3.11, the supported version: usage make_venv.sh FOLDER
# Where no 3.11 is installed, uv fetches one (into its own cache, nothing of the system changes).
set -euo pipefail
target=$1

is_311() { "$1" -c 'import sys; sys.exit(sys.version_info[:2] != (3, 11))' 2>/dev/null; }

make_with() {
    if "$1" -m venv "$target" 2>/dev/null; then return 0; fi
    echo "$1 has no venv module; Debian and Ubuntu keep it in a package of its own."
    rm -rf "$target"
    bash "$(dirname "$0")/system_packages.sh" --always python3-venv
    "$1" -m venv "$target"
}

for candidate in python3.11 python3; do
    if command -v "$candidate" >/dev/null && is_311 "$candidate"; then
        make_with "$candidate"
        exit 0
    fi
done

command -v python3 >/dev/null || { echo "Understudy needs python3 (3.11, or any newer one to fetch it with)." >&2; exit 1; }
echo "python3 is $(python3 -V 2>&1), Understudy runs on Python 3.11 (PyBullet has no wheels for newer ones): fetching 3.11 with uv."
bootstrap=$(mktemp -d)
trap 'rm -rf "$bootstrap"' EXIT
target_before=$target
target="$bootstrap/venv"
make_with python3
"$bootstrap/venv/bin/python" -m pip install -q uv
"$bootstrap/venv/bin/uv" venv --seed --python 3.11 "$target_before"
