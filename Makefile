# `make` lists the targets. Each of them sets up what it needs and leaves what is there.
SHELL := /bin/sh
.DEFAULT_GOAL := help
.PHONY: help demo test check format bench screenshots lock setup setup-test

RUN := .venv/bin/
ARGS ?=
PORT ?= 8000
SIZE ?= town

help: ## List the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "make %-12s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

demo: setup ## Run the demo town on http://127.0.0.1:8000 (PORT=8000 SIZE=small|town|city)
	@$(RUN)gridmap demo --port $(PORT) --size $(SIZE) $(ARGS)

test: setup-test ## Run all tests (ARGS="-k name" goes to pytest)
	@$(RUN)python -m pytest --numprocesses auto --dist loadfile --no-loadscope-reorder $(ARGS)

check: setup-test ## Run ruff, mypy, import-linter and compare the models with the migrations
	$(RUN)ruff check .
	$(RUN)ruff format --check .
	$(RUN)mypy
	$(RUN)lint-imports
	$(RUN)python setup/check_migrations.py

format: setup-test ## Format the code
	$(RUN)ruff check --fix-only .
	$(RUN)ruff format .

bench: setup-test ## Run a measurement: make bench B=name (without B it lists them)
	@if [ -n "$(B)" ]; then $(RUN)python -m benchmarks.$(patsubst import,import_,$(B)) $(ARGS); \
	else ls benchmarks | sed -n 's/^\([a-z]\w*\)\.py$$/\1/p'; fi

screenshots: setup-test ## Take the pictures of the documents from the demo town (ARGS="case my" takes these)
	$(RUN)python setup/screenshots.py $(ARGS)

lock: setup-test ## Renew the lock files from pyproject.toml and webui/package.json
	setup/lock.sh

setup: ## Install what the demo needs, without starting it
	@setup/system.sh demo
	@setup/environment.sh demo

setup-test: ## Install what the tests need, without running them
	@setup/system.sh test
	@setup/environment.sh test
