# `make demo` and `make test` set everything up by themselves; nothing has to be run before them.

PYTHON ?= python3
VENV ?= .venv
WORKERS ?= 2
BIN := $(VENV)/bin
READY := $(VENV)/.ready
export PYTHONDONTWRITEBYTECODE := 1

.PHONY: demo test check bench images setup clean

demo: $(READY)  ## grade real submissions: right, subtly wrong, too slow, hostile; then the service at work
	@$(BIN)/python -m demo.run
	@$(BIN)/python -m demo.service

test: $(READY)  ## the whole test suite, in WORKERS processes
	@$(BIN)/python -m pytest --numprocesses $(WORKERS)

check: $(READY)  ## linters, types, import contract, and the proof of every task
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@$(BIN)/mypy
	@$(BIN)/lint-imports
	@$(BIN)/forwardpass task check --all

bench: $(READY)  ## latency, throughput and race accuracy, beside the usual design in the same run
	@$(BIN)/python -m bench

images:  ## a Docker engine and the images, on a bare Debian, as root
	@bash .ci/engine.sh

setup: $(READY)

$(READY): pyproject.toml .ci/venv.sh
	@sh .ci/venv.sh "$(PYTHON)" "$(VENV)"
	@touch $@

clean:
	rm -rf $(VENV) dist build
