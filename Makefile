# Framebus on one machine. `make` alone prints the targets.
SHELL := /bin/bash
.DEFAULT_GOAL := help
unexport PYTHONDONTWRITEBYTECODE

PYTHON ?= $(shell for p in .venv/bin/python python3 python3.14 python3.13 python3.12 python3.11; do \
	$$p -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && echo $$p && break; done)
RUN := .venv/bin/python
PACKAGES := libs/contracts libs/catalog libs/providers libs/runtime \
	services/gateway services/ledger services/dispatcher services/callbacks services/storage cli stack stack/simulator
NAMES := $(addprefix framebus-,$(notdir $(PACKAGES)))
COMPILE := .venv/bin/uv pip compile --universal --generate-hashes --no-emit-index-url --python-version 3.11 --no-header --quiet

.PHONY: help
help: ## Print this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  make %-15s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

.PHONY: setup
setup: ## Make .venv from the lock and fetch Kafka and the S3 server (once)
	@test -n "$(PYTHON)" || { echo "Framebus needs Python 3.11 or newer: none found (name one with PYTHON=...)" >&2; exit 1; }
	@$(PYTHON) -P stack/src/stack/bootstrap.py

.PHONY: up down status logs clean distclean demo
up: setup ## Start everything, return when it serves; addresses and keys in .framebus/stack.json
	@$(RUN) -m stack up
down: ## Stop everything in order; the state stays
	@test ! -x $(RUN) || $(RUN) -m stack down
status: setup ## Show each process; fails if one is down
	@$(RUN) -m stack status
logs: setup ## Follow all logs; S=ledger for one process
	@$(RUN) -m stack logs $(if $(S),--service $(S))
clean: ## Stop everything, also the tests' servers, and remove its state
	@test ! -x $(RUN) || $(RUN) -m stack clean
distclean: clean ## Also remove the downloads and .venv
	@rm -rf .framebus .venv
demo: up ## Run the three requests of the product documents and show what became of them; MODELS=all for one on every model
	@$(RUN) -m $(if $(filter all,$(MODELS)),stack.demo_all,stack.demo)

.PHONY: env demo-remote compose-test
env: ## Write .env for docker compose, with fresh secrets; SIMULATOR=no, PUBLIC_BASE_URL=..., providers' keys are taken up
	@PYTHONPATH=stack/src $(PYTHON) -m stack.env_file
demo-remote: setup ## Run the demo's requests against the gateway that .env names, or BASE_URL=... API_KEY=...
	@$(RUN) -m stack.demo_remote
compose-test: setup ## Build the containers, run the demo on them, kill and scale some under load, tear down
	@COMPOSE_TEST=1 $(RUN) -m pytest tests/compose -rs -s -v

.PHONY: test test-long test-sdk goldens audit lint typecheck format lock lock-sdk bench chaos flow api-docs metrics-doc dashboards providers-doc reliability-doc catalog-check
test: setup ## Run the tests on real servers; T=tests/ledger for a part
	@$(RUN) $(if $(T),-m pytest $(T),tests/together.py)
test-long: setup ## Run the tests that need minutes, too; T=tests/recovery for a part
	@FRAMEBUS_LONG=1 $(RUN) -m pytest $(T)
test-sdk: setup ## Run the providers' official SDKs against the simulator; S=fal for one of them
	@$(RUN) tests/sdk/harness checks --only "$(S)"
goldens: setup ## Capture anew the requests that the official SDKs send; S=fal for one of them
	@$(RUN) tests/sdk/harness goldens --only "$(S)"
audit: setup ## Hold the pinned dependencies against known vulnerabilities; says so when it can't ask
	@$(RUN) .ci/audit.py
lint: setup ## Check style, formatting and the direction of imports
	@.venv/bin/ruff check .
	@.venv/bin/ruff format --check .
	@.venv/bin/lint-imports
typecheck: setup ## Check the types, strictly
	@.venv/bin/mypy $(addsuffix /src,$(PACKAGES)) bench chaos
format: setup ## Format the code and sort the imports
	@.venv/bin/ruff check --fix --select I .
	@.venv/bin/ruff format .
lock: setup ## Pin the newest allowed dependencies anew
	@$(COMPILE) --group dev $(addprefix --no-emit-package ,$(NAMES)) $(addsuffix /pyproject.toml,$(PACKAGES)) -o requirements.lock
	@$(COMPILE) --no-annotate -c requirements.lock requirements/bootstrap.in -o requirements/bootstrap.lock
lock-sdk: setup ## Pin the newest allowed versions of the providers' SDKs anew
	@$(RUN) tests/sdk/harness lock
bench: setup ## Measure beside yardsticks, about 25 minutes; B=submit for a part, QUICK=1 for short rounds
	@$(RUN) -m bench $(B)
chaos: setup ## Load, faults chosen by a seed, then every invariant: SEED=1 MINUTES=3
	@$(RUN) -m chaos --seed $(or $(SEED),1) --minutes $(or $(MINUTES),3) $(if $(WITHOUT),--without $(WITHOUT))
catalog-check: setup ## Check the models, tiers and routes; F=my-model.yaml for files of one's own
	@$(RUN) -m providers | $(RUN) -m catalog check --spoken - $(F)
flow: setup ## Write docs/flow.md and the event schemas from the contracts
	@$(RUN) -m contracts.docs
api-docs: setup ## Write docs/api/errors.md from the code
	@$(RUN) tests/api/error_table.py
metrics-doc: setup ## Write docs/metrics.md from the metrics of each package
	@$(RUN) tests/observability/metric_table.py
dashboards: setup ## Write the dashboards of Grafana from deploy/grafana/dashboards.yml
	@$(RUN) deploy/grafana/build.py
providers-doc: setup ## Write docs/providers.md from the scenario table
	@PYTHONPATH=tests/providers $(RUN) -m scenarios.docs
reliability-doc: setup ## Write the table of failure modes into docs/reliability.md
	@$(RUN) tests/reliability/mode_table.py
