# The commands of this repository. All they need is Python 3.10+, git and make.

PYTHON ?= python3
# make test KEDRO=1.7.0 tests with that Kedro, in an environment of its own.
KEDRO ?=
VENV := .venv$(if $(KEDRO),-kedro-$(KEDRO))
BIN := $(VENV)/bin
ifneq ($(KEDRO),)
export UV_CONSTRAINT := $(CURDIR)/$(VENV)/kedro.txt
endif

.DEFAULT_GOAL := help
.PHONY: help demo test test-airflow check bench docs pictures readme

help: ## list the commands
	@sed -n 's/^\([a-z-]*\):.*## /make \1\t/p' $(MAKEFILE_LIST) | expand -t 18

demo: $(VENV)/ready ## create a project in demo/ and see what a branch does to its data
	@PYTHONPATH=tests $(BIN)/python demo.py

test: $(VENV)/ready ## test the template and every guard (about 15 minutes on two cores)
	$(BIN)/pytest -n auto

test-airflow: $(VENV)/ready .venv-airflow/ready ## test a DAG in Airflow, with its scheduler, on PostgreSQL (about 5 minutes)
	@ls /usr/lib/postgresql/*/bin/initdb >/dev/null 2>&1 || command -v initdb >/dev/null || \
	{ echo "This needs PostgreSQL: apt-get install postgresql"; exit 1; }
	$(BIN)/pytest tests/with_airflow

check: $(VENV)/ready ## check format, style and types, here and in a new project
	$(BIN)/ruff format --config pyproject.toml --check
	$(BIN)/ruff check --config pyproject.toml
	$(BIN)/mypy
	@echo "A new project, and the kit in one with every guard:"
	@folder=$$(mktemp -d) && trap 'rm -rf "$$folder"' EXIT && mkdir "$$folder/starter" && \
	git ls-files -z --cached --others --exclude-standard | tar -c --null -T - | tar -x -C "$$folder/starter" && \
	export TMPDIR="$$folder" PATH="$(CURDIR)/$(BIN):$$PATH" && cd "$$folder" && \
	cookiecutter --no-input starter 2>/dev/null && \
	cookiecutter --no-input starter project_name=all expectations=yes slack=yes email=yes skip_unchanged=yes 2>/dev/null && \
	(cd new-kedro-project && ruff format --check && ruff check && mypy) && \
	cd all && mypy --config-file "$(CURDIR)/pyproject.toml" src

bench: $(VENV)/ready ## measure what the guards cost (about an hour)
	PYTHONPATH=tests $(BIN)/python benchmarks/bench_steel_toes.py
	PYTHONPATH=tests $(BIN)/python benchmarks/bench_progress.py --nodes=1 --nodes=1000 --nodes=5000
	PYTHONPATH=tests $(BIN)/python benchmarks/bench_preflight.py
	PYTHONPATH=tests $(BIN)/python benchmarks/bench_expectations.py
	PYTHONPATH=tests $(BIN)/python benchmarks/compare_kedro_expectations.py
	PYTHONPATH=tests $(BIN)/python benchmarks/bench_run_status.py
	PYTHONPATH=tests $(BIN)/python benchmarks/bench_status_page.py
	PYTHONPATH=tests $(BIN)/python benchmarks/bench_skip_unchanged.py
	PYTHONPATH=tests $(BIN)/python benchmarks/bench_requests.py

docs: $(VENV)/ready ## build the docs site in site/
	$(BIN)/mkdocs build --strict --quiet

pictures: demo ## create the pictures of README.md again
	PATH="$(CURDIR)/demo/.venv/bin:$$PATH" $(BIN)/python pictures.py

readme: $(VENV)/ready ## update the tables of README.md and docs/settings.md
	$(BIN)/python readme.py

# Airflow, whose requirements are not those of the other tools; made again when this
# file changes.
.venv-airflow/ready: Makefile | $(VENV)/ready
	$(BIN)/uv venv --quiet --clear --python $(PYTHON) .venv-airflow
	$(BIN)/uv pip install --quiet --python .venv-airflow \
	"apache-airflow-core~=3.3.0" "apache-airflow-providers-standard>=1.21,<2" asyncpg psycopg2-binary
	@touch $@

# The tools of pyproject.toml; made again when it changes.
$(VENV)/ready: pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 10) and "This needs Python 3.10 or newer; say which with: make PYTHON=/path/to/python3")'
	$(PYTHON) -m venv --clear $(VENV)
	@echo $(if $(KEDRO),kedro==$(KEDRO)) > $(VENV)/kedro.txt
	$(BIN)/python -m pip install --quiet uv
	$(BIN)/uv pip install --quiet --python $(VENV) --group dev
	@touch $@
