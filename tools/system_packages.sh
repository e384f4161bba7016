#!/usr/bin/env bash
# Install the Debian or Ubuntu packages that a step needs, through apt when it may, else name them.
# usage: system_packages.sh COMMAND:PACKAGE ...   installs PACKAGE where COMMAND is not on the PATH
#        system_packages.sh --always PACKAGE ...
#        system_packages.sh --libraries WHAT_FOR LIBRARY:PACKAGE ...   the same for shared libraries, or for programs that
#            Debian keeps off the PATH; where they cannot be installed it says what will be missing (WHAT_FOR) and goes on
set -euo pipefail
missing=()
if [ "${1:-}" = --libraries ]; then
    what_for=$2
    shift 2
    known=$({ ldconfig -p || /sbin/ldconfig -p; ls /usr/lib/*/dri /usr/lib/postgresql/*/bin; command -v "${@%%:*}"; } 2>/dev/null || true)
    for pair in "$@"; do
        grep -qF "${pair%%:*}" <<<"$known" || missing+=("${pair##*:}")
    done
    [ ${#missing[@]} -gt 0 ] || exit 0
    bash "$0" --always "${missing[@]}" && exit 0
    echo "Without ${missing[*]}: no $what_for. The rest works." >&2
    exit 0
elif [ "${1:-}" = --always ]; then
    shift
    missing=("$@")
else
    for pair in "$@"; do
        command -v "${pair%%:*}" >/dev/null || missing+=("${pair##*:}")
    done
fi
[ ${#missing[@]} -gt 0 ] || exit 0

if ! command -v apt-get >/dev/null; then
    echo "Please install: ${missing[*]} (names as in Debian), then run make again." >&2
    exit 1
fi
as_root=()
if [ "$(id -u)" != 0 ]; then
    if sudo -n true 2>/dev/null; then
        as_root=(sudo -n)
    else
        echo "Please run: sudo apt-get install -y ${missing[*]}   and then make again." >&2
        exit 1
    fi
fi
echo "Installing system packages: ${missing[*]}"
export DEBIAN_FRONTEND=noninteractive
"${as_root[@]}" apt-get update -qq
"${as_root[@]}" apt-get install -y -qq --no-install-recommends "${missing[@]}" >/dev/null
