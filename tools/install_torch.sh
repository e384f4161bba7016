#!/usr/bin/env bash
# Install PyTorch's CPU build: usage install_torch.sh PYTHON
# PyPI's Linux build brings gigabytes of CUDA libraries that a laptop without a GPU has no use for. So: a wheel that pip is
# configured to find locally, else PyTorch's own CPU index, else whatever PyPI has. UNDERSTUDY_TORCH=default skips the first two.
set -euo pipefail
python=$1
version=$(sed -n 's/^torch==\([0-9.]*\).*/\1/p' "$(dirname "$0")/../requirements.txt" | head -n 1)
pip() { "$python" -m pip --disable-pip-version-check -q "$@"; }

if "$python" -c "import importlib.metadata as m, sys; sys.exit(m.version('torch').split('+')[0] != '$version')" 2>/dev/null; then
    exit 0
fi
if [ "${UNDERSTUDY_TORCH:-cpu}" = cpu ] && [ "$(uname -s)" = Linux ]; then
    pip install --no-deps --no-index "torch==$version" 2>/dev/null && exit 0
    pip install --no-deps --retries 1 --timeout 15 --index-url https://download.pytorch.org/whl/cpu "torch==$version" 2>/dev/null && exit 0
    echo "PyTorch's CPU build cannot be reached; PyPI's build follows (larger)."
fi
pip install "torch==$version"
