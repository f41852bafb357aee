# The commands of this repository. All they need is Python 3.10+, git and make.

PYTHON ?= python3
BIN := .venv/bin

.DEFAULT_GOAL := help
.PHONY: help demo test test-guards check bench readme

help: ## list the commands
	@sed -n 's/^\([a-z-]*\):.*## /make \1\t/p' $(MAKEFILE_LIST) | expand -t 18

demo: .venv/ready ## make a project in demo/ and see what a branch does to its data
	@PYTHONPATH=tests $(BIN)/python demo.py

test: .venv/ready ## test the template and steel toes (less than ten minutes)
	$(BIN)/pytest -n auto --ignore=tests/guards

test-guards: .venv/ready ## test the other guards
	$(BIN)/pytest -n auto tests/guards

check: .venv/ready ## check format, style and types, here and in a new project
	$(BIN)/ruff format --config pyproject.toml --check
	$(BIN)/ruff check --config pyproject.toml
	$(BIN)/mypy
	@echo "And a new project:"
	@folder=$$(mktemp -d) && trap 'rm -rf "$$folder"' EXIT && mkdir "$$folder/starter" && \
	git ls-files -z --cached --others --exclude-standard | tar -c --null -T - | tar -x -C "$$folder/starter" && \
	TMPDIR="$$folder" $(BIN)/cookiecutter --no-input "$$folder/starter" --output-dir "$$folder" && \
	PATH="$(CURDIR)/$(BIN):$$PATH" && cd "$$folder/new-kedro-project" && \
	ruff format --check && ruff check && mypy

bench: .venv/ready ## measure what the guards cost (about an hour)
	PYTHONPATH=tests $(BIN)/python benchmarks/bench_steel_toes.py
	PYTHONPATH=tests $(BIN)/python benchmarks/bench_preflight.py
	PYTHONPATH=tests $(BIN)/python benchmarks/bench_expectations.py
	PYTHONPATH=tests $(BIN)/python benchmarks/compare_kedro_expectations.py
	PYTHONPATH=tests $(BIN)/python benchmarks/bench_run_status.py
	PYTHONPATH=tests $(BIN)/python benchmarks/bench_status_page.py
	PYTHONPATH=tests $(BIN)/python benchmarks/bench_skip_unchanged.py

readme: .venv/ready ## write the tables of README.md anew
	$(BIN)/python readme.py

# The tools of pyproject.toml; made again when it changes.
.venv/ready: pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 10) and "This needs Python 3.10 or newer; say which with: make PYTHON=/path/to/python3")'
	$(PYTHON) -m venv --clear .venv
	$(BIN)/python -m pip install --quiet uv
	$(BIN)/uv pip install --quiet --python .venv --group dev
	@touch $@
