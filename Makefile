# `make serve` and `make test` do all the set-up that they need: Python 3.11+, make and curl suffice.

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
TOOLS := $(VENV)/client-tools
# What `make coverage` reads when the tests have run: the sandbox on its own, then everything. With MEASURE=sandbox it is
# only the sandbox, as far as its own tests cover it: other packages' tests run its commands, too.
COVERED = $(BIN)/coverage combine --quiet && $(BIN)/coverage report --include 'sandbox/*' --fail-under $(if $(filter sandbox,$(MEASURE)),95,98 && $(BIN)/coverage report)
LAST_RELEASE = $(shell ls docs/releases/openapi-*.yaml | sort -V | tail -1 | sed "s/.*openapi-\(.*\).yaml/\1/")
PORT ?= 8080
SWITCHES ?= 100
BASE_URL ?= http://127.0.0.1:$(PORT)
SECONDS_EACH ?= 60
PARALLEL := --numprocesses auto --dist worksteal
PIP := $(BIN)/python -m pip --disable-pip-version-check --quiet
# Installs, and names each package as it comes; all that pip has said follows if it fails. Bytecode is made when it is
# first needed, as most of it never is.
PACKAGES := { $(BIN)/python -m pip --disable-pip-version-check install --no-compile --progress-bar off --constraint constraints.txt
SHOWN := 2>&1; echo "status $$?"; } | awk '\
	/^status [0-9]+$$/ { status = $$2; next } { said[++lines] = $$0 } \
	/^(Collecting|Processing) / { split($$2, name, /[<>=!~;\[]/); n = split(name[1], path, "/"); split(path[n], file, "-"); \
		print "  " (path[1] == name[1] ? name[1] : file[1]); fflush() } \
	/^Installing collected packages/ { print "  … unpacking"; fflush() } \
	END { if (status) for (i = 1; i <= lines; i++) print said[i]; exit status }'

.DEFAULT_GOAL := help
.PHONY: help serve demo verify suite test clients rehearsals shared traffic coverage check format contract bench bench-quick mutants circle console-test images docs clean fuzz chaos soak load pauses reliability corpus dist pyz release

help:  ## Show what there is
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | awk -F':.*## ' '{printf "  make %-14s %s\n", $$1, $$2}'

serve: $(VENV)/serve  ## Start the sandbox on http://127.0.0.1:8080 (PORT=… for another port)
	@exec $(BIN)/qlara-sandbox serve --port $(PORT)

demo: $(VENV)/serve  ## Walk through the use case and every documented error
	@$(BIN)/python -m docs.demo

suite: $(VENV)/suite  ## Install what verify, examples and shell need

verify: $(VENV)/suite  ## Check a deployment (BASE_URL=… and SANDBOX_API_KEY=…; default: the local sandbox)
	@SANDBOX_API_KEY="$${SANDBOX_API_KEY:-YOUR_API_KEY}" $(BIN)/qlara-sandbox verify --base-url $(BASE_URL)

test: $(VENV)/dev  ## Run the tests, in as many processes as there are processors
	$(if $(MEASURE),$(BIN)/coverage erase)
	$(BIN)/$(if $(MEASURE),coverage run,python) -m pytest $(PARALLEL)
	$(if $(MEASURE),$(COVERED))

clients: $(VENV)/dev $(TOOLS)/ready  ## Generate clients of the contract, import it into tools, and use them (needs Java)
	$(BIN)/python -m pytest $(PARALLEL) -m clients tests/clients

traffic: $(VENV)/dev  ## Judge the traffic of every defect and of what is right, forty minutes
	$(BIN)/python -m pytest $(PARALLEL) -m traffic tests/qlara_proxy

rehearsals: $(VENV)/dev  ## Play good clients in every act over ten seeds, and see that none is accused
	$(BIN)/python -m pytest $(PARALLEL) -m rehearsals tests/qlara_rehearsal

shared: $(VENV)/dev  ## Run the tests of worlds with worlds that Redis or Valkey keeps (needs redis-server or valkey-server)
	$(BIN)/python -m pytest $(PARALLEL) --shared $(addprefix tests/qlara_sandbox/web/,gates observers $(patsubst %,test_%.py,api contacts control_api conventions documented_headers forms imports pipeline reload scenario_overlays sessions wire)) tests/test_scenario_stories.py tests/test_uc_020.py

coverage:  ## Run the tests and measure what they cover, in every process that they start
	@$(MAKE) --no-print-directory test MEASURE=1

check: $(VENV)/dev  ## Check format, lint, types and layers
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/python -m openapi_spec_validator openapi.yaml
	$(BIN)/qlara-sandbox scenarios check
	$(BIN)/qlara-sandbox rehearse --check
	$(BIN)/qlara-sandbox contract diff docs/releases/openapi-$(LAST_RELEASE).yaml --accept docs/releases/accepted-since-$(LAST_RELEASE).json > $(VENV)/changes || { cat $(VENV)/changes; exit 1; }
	@tail -1 $(VENV)/changes

format: $(VENV)/dev  ## Format the code
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

console-test: $(VENV)/dev  ## Use the console in a real browser (needs Chromium)
	$(BIN)/python -m pytest tests/console

images: $(VENV)/dev  ## Take the pictures of docs/console.md anew (needs Chromium)
	$(BIN)/python -m tests.console.images

contract: $(VENV)/dev  ## Run the contract suite against a sandbox of its own
	$(BIN)/python -m pytest -p qlara_contract.plugin --pyargs qlara_contract

mutants: $(VENV)/dev  ## Show that the contract suite finds wrong deployments, ours and others (SWITCHES=100), and no fault in right ones
	$(BIN)/python -m qlara_contract.defects prove --seeds 10
	$(BIN)/python -m tests.foreign.trial --faults --freedoms --sample $(SWITCHES) --least 0.85

circle: $(VENV)/dev  ## Learn right deployments, serve sandboxes like them, and find no difference (SWITCHES=100)
	$(BIN)/python -m tests.qlara_contract.foreign_circle --sample $(SWITCHES)

bench: $(VENV)/dev  ## Measure the sandbox beside its peers, a bare route and vobject, a quarter of an hour (BENCH='--only list --rounds 20')
	@$(BIN)/python -m benchmarks $(BENCH)

bench-quick: $(VENV)/dev  ## See in less than a minute what a change does to the speed
	@$(BIN)/python -m benchmarks.quick $(BENCH)

fuzz: $(VENV)/dev  ## Try hostile inputs (SECONDS_EACH=60, SEED=…, TARGET=…; GROW=1 keeps new ones)
	$(BIN)/python -m reliability.fuzz --seconds-each $(SECONDS_EACH) $(SEED:%=--seed %) $(TARGET:%=--target %) $(GROW:%=--grow)

chaos: $(VENV)/dev  ## Hold overlapping imports against a serial oracle (SECONDS=60, SEED=…)
	$(BIN)/python -m reliability.chaos --seconds $(or $(SECONDS),60) $(SEED:%=--seed %)

soak: $(VENV)/dev  ## Put mixed load on the sandbox and see whether anything grows (SECONDS=600, SEED=…)
	$(BIN)/python -m reliability.soak --seconds $(or $(SECONDS),600) $(SEED:%=--seed %)

load: $(VENV)/dev  ## Upload 32 files of 10 MB at a time, and see what they cost
	$(BIN)/python -m reliability.load

pauses: $(VENV)/dev  ## See how long others wait beside large snapshots, reports and archives
	$(BIN)/python -m reliability.pauses

reliability: $(VENV)/dev  ## All of it at full length, half an hour, for docs/reliability.md
	@failed=0; \
	$(BIN)/python -m reliability.fuzz --full $(SEED:%=--seed %) || failed=1; \
	$(BIN)/python -m reliability.chaos --seconds 120 $(SEED:%=--seed %) || failed=1; \
	$(BIN)/python -m reliability.load || failed=1; \
	$(BIN)/python -m reliability.soak $(SEED:%=--seed %) || failed=1; \
	$(BIN)/python -m reliability.results; \
	exit $$failed

corpus: $(VENV)/dev  ## Look for vCard files by coverage, and keep them in the corpus
	$(PIP) install --constraint constraints.txt --editable '.[guided]'
	$(BIN)/python -m reliability.guided

docs: $(VENV)/dev  ## Write the generated parts of the documentation anew
	$(BIN)/python -m qlara_contract.promises > docs/promises.md
	$(BIN)/python -m qlara_contract.defects > docs/defects.md
	$(BIN)/python -m docs.generate

dist: $(VENV)/release-tools/ready  ## Build the sdist, and the wheel from it, into dist/
	rm -rf dist
	$(VENV)/release-tools/bin/python -m build --outdir dist .

pyz: $(VENV)/release-tools/ready  ## Make dist/qlara-sandbox.pyz of the wheel: one file that runs without installing
	@ls dist/*.whl > /dev/null 2>&1 || $(MAKE) dist
	.ci/pyz $(VENV)/release-tools/bin/python dist/*.whl dist/qlara-sandbox.pyz

release: $(VENV)/dev  ## Check, build and show how to publish (VERSION=1.2.3; UPLOAD=yes publishes, too)
	@.ci/release "$(VERSION)"

clean:  ## Remove the virtual environment and what tools left
	rm -rf $(VENV) .coverage* .pytest_cache .mypy_cache .ruff_cache .hypothesis .schemathesis .import_linter_cache

$(VENV)/bin/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { \
	  echo "Python 3.11 or newer is needed; $(PYTHON) is $$($(PYTHON) --version 2>&1). Try: make PYTHON=python3.12 …"; exit 1; }
	@echo "Making a virtual environment in $(VENV) …"
	@$(PYTHON) -m venv $(VENV)

$(VENV)/serve: pyproject.toml constraints.txt | $(VENV)/bin/python
	@echo "Installing what the sandbox needs into $(VENV) (once; about a minute) …"
	@$(PACKAGES) --editable . $(SHOWN)
	@touch $@

$(VENV)/suite: pyproject.toml constraints.txt | $(VENV)/bin/python
	@echo "Installing the contract suite into $(VENV) (once; some minutes) …"
	@$(PACKAGES) --editable '.[contract,tls]' $(SHOWN)
	@touch $(VENV)/serve $@

$(VENV)/dev: pyproject.toml constraints.txt | $(VENV)/bin/python
	@echo "Installing all that development needs into $(VENV) (once; some minutes) …"
	@$(PACKAGES) --editable '.[contract,tls,mcp,redis,dev]' $(SHOWN)
	@touch $(VENV)/serve $(VENV)/suite $@

$(VENV)/release-tools/ready: pyproject.toml constraints.txt | $(VENV)/bin/python
	@$(PYTHON) -m venv $(VENV)/release-tools
	@$(VENV)/release-tools/bin/python -m pip --disable-pip-version-check --quiet install --constraint constraints.txt build shiv twine
	@touch $@

$(TOOLS)/ready: tests/clients/tools/package.json tests/clients/tools/requirements.txt | $(VENV)/bin/python
	@echo "Setting up tools of clients (once) …"
	@$(PYTHON) -m venv $(TOOLS)/python
	@$(TOOLS)/python/bin/python -m pip --disable-pip-version-check --quiet install --requirement tests/clients/tools/requirements.txt
	@cp tests/clients/tools/package.json $(TOOLS)/
	@cd $(TOOLS) && PATH="$(abspath $(TOOLS))/python/bin:$$PATH" npm install --no-package-lock --no-audit --no-fund --silent
	@touch $@
