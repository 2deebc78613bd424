# Everything sets itself up in .venv; nothing outside this folder is changed, except that `make test` may
# install the real servers it tests against (tests/install-servers) where it runs as root on a Debian-like system.
PYTHON ?= python3
VENV   := .venv
BIN    := $(VENV)/bin
FUZZ_SECONDS ?= 300
PIP    := $(BIN)/python -m pip --disable-pip-version-check -q

.PHONY: demo test test-long lint format bench fuzz lock servers clean

demo: $(VENV)/.runtime
	@$(BIN)/jumphost demo

test: $(VENV)/.dev servers lint
	$(BIN)/python -m pytest -n 2 --dist worksteal -m "not long" tests

test-long: $(VENV)/.dev servers
	$(BIN)/python -m pytest tests

lint: $(VENV)/.dev
	$(BIN)/ruff check jumphost tests
	$(BIN)/ruff format --check jumphost tests
	$(BIN)/mypy
	$(BIN)/lint-imports
	@tests/lint-rego

format: $(VENV)/.dev
	$(BIN)/ruff check --fix jumphost tests
	$(BIN)/ruff format jumphost tests

bench: $(VENV)/.dev servers build/rival/.ready
	$(BIN)/python -m tests.bench

# Looks for texts that are neither read nor refused with a documented reason, for FUZZ_SECONDS.
fuzz: $(VENV)/.dev
	$(PIP) install --require-hashes -r requirements/fuzz.txt
	$(BIN)/python -m tests.fuzz.command.atheris_facts -max_len=4096 -max_total_time=$(FUZZ_SECONDS)

servers: $(VENV)/.dev
	@tests/install-servers

$(VENV)/.runtime: requirements/runtime.txt requirements/build.txt pyproject.toml
	$(PYTHON) -m venv $(VENV)
	$(PIP) install --require-hashes -r requirements/runtime.txt
	$(PIP) install --require-hashes -r requirements/build.txt
	$(PIP) install --no-deps --no-build-isolation -e .
	@touch $@

$(VENV)/.dev: $(VENV)/.runtime requirements/dev.txt
	$(PIP) install --require-hashes -r requirements/dev.txt
	@touch $@

# Presidio, which masking is measured against, in an environment of its own.
build/rival/.ready: requirements/bench.txt
	$(PYTHON) -m venv build/rival
	build/rival/bin/python -m pip --disable-pip-version-check -q install --require-hashes -r requirements/bench.txt
	@touch $@

lock:
	uv pip compile -q --generate-hashes --python-version 3.11 --no-header --no-annotate --no-emit-index-url pyproject.toml -o requirements/runtime.txt
	uv pip compile -q --generate-hashes --python-version 3.11 --no-header --no-annotate --no-emit-index-url requirements/build.in -o requirements/build.txt
	uv pip compile -q --generate-hashes --python-version 3.11 --no-header --no-annotate --no-emit-index-url requirements/dev.in -o requirements/dev.txt
	uv pip compile -q --generate-hashes --python-version 3.11 --no-header --no-annotate --no-emit-index-url requirements/fuzz.in -o requirements/fuzz.txt
	uv pip compile -q --generate-hashes --python-version 3.11 --no-header --no-annotate --no-emit-index-url requirements/bench.in -o requirements/bench.txt

clean:
	rm -rf $(VENV) build dist .pytest_cache .mypy_cache .ruff_cache .import_linter_cache
