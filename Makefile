# The two commands are `make app` and `make test`; everything else serves them. `make help` lists all.
SHELL := /bin/bash
VENV := .venv
BIN := $(VENV)/bin
PIP := $(BIN)/python -m pip --disable-pip-version-check -q
APP_READY := $(VENV)/.ready-app
TEST_READY := $(VENV)/.ready-test
GLTF_VALIDATOR := .tools/node_modules/gltf-validator/package.json
CODE := core webapp tools benchmarks tests migrations

# Small linear algebra is several times slower when two threads share it.
export OMP_NUM_THREADS ?= 1
export OPENBLAS_NUM_THREADS ?= 1
export GRADIO_ANALYTICS_ENABLED ?= False

.PHONY: app test soak check format lock setup setup-test clean help

app: $(APP_READY)  ## Set everything up, then serve http://127.0.0.1:7860
	$(BIN)/understudy serve

test: $(TEST_READY)  ## Set everything up, then run all tests
	$(BIN)/python -m pytest

soak: $(TEST_READY)  ## Kill, load and vex the site, then watch its memory for two hours (about three in all)
	$(BIN)/python -m benchmarks.soak --kills 100
	$(BIN)/python -m benchmarks.load
	$(BIN)/python -m benchmarks.hostile
	$(BIN)/python -m benchmarks.endurance

check: $(TEST_READY)  ## Lint, formatting and types
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

format: $(TEST_READY)  ## Format the code and mend what ruff can mend
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

setup: $(APP_READY)  ## Only set up what `make app` needs

setup-test: $(TEST_READY)  ## Only set up what `make test` needs

lock: $(TEST_READY)  ## Resolve pyproject.toml anew into the requirements files
	$(PIP) install uv
	bash tools/lock.sh

clean:  ## Remove what `make` made
	rm -rf $(VENV) .tools build *.egg-info

help:  ## List the commands
	@grep -E '^[a-z-]+:.*## ' Makefile | sed -E 's/:.*## /\t/' | expand -t 14

$(BIN)/python:
	bash tools/make_venv.sh $(VENV)

$(APP_READY): $(BIN)/python requirements.txt requirements-smpl.txt requirements-export.txt pyproject.toml
	bash tools/system_packages.sh --libraries "side_by_side.mp4 (it is drawn with EGL)" \
	    libEGL.so.1:libegl1 libGL.so.1:libgl1 swrast_dri.so:libgl1-mesa-dri libXrender.so.1:libxrender1
	bash tools/install_torch.sh $(BIN)/python
	$(PIP) install -r requirements.txt -r requirements-smpl.txt -r requirements-export.txt
	$(PIP) install --no-deps -e .
	touch $@

$(TEST_READY): $(APP_READY) requirements-cluster.txt requirements-dev.txt $(GLTF_VALIDATOR)
	bash tools/system_packages.sh chromium:chromium
	bash tools/system_packages.sh --libraries "test of several machines (they share a PostgreSQL)" initdb:postgresql
	$(PIP) install -r requirements-cluster.txt -r requirements-dev.txt
	touch $@

$(GLTF_VALIDATOR):
	bash tools/system_packages.sh node:nodejs npm:npm
	mkdir -p .tools
	npm install --prefix .tools --no-save --no-audit --no-fund --silent gltf-validator@2.0.0-dev.3.10
