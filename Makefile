# 融信 Rongxin: `make help` says what there is. Needs make and Python 3.11 or newer; installs the rest into .venv.

.DEFAULT_GOAL := help
.PHONY: help demo test test-long check fix docs tour bench requirements node-environment dev-environment
.NOTPARALLEL:

export PYTHONUTF8 := 1
export LC_ALL := C.UTF-8
export TZ := Asia/Shanghai
# A bare container has no time zones of its own; the package tzdata brings them.
ifeq ($(wildcard /usr/share/zoneinfo/Asia/Shanghai),)
export TZDIR = $(CURDIR)/$(firstword $(wildcard .venv/lib/python3*/site-packages/tzdata/zoneinfo))
endif

# The oldest Python that will do comes first: the pins are resolved for it and tested on it.
PYTHON ?= $(shell for name in python3.11 python3.12 python3.13 python3.14 python3; do \
	$$name -c 'import sys; sys.exit(sys.version_info < (3, 11))' >/dev/null 2>&1 && echo $$name && break; done)
ENVIRONMENT = $(if $(PYTHON),,$(error no Python 3.11 or newer found: install it (Debian: apt install python3 python3-venv)))$(PYTHON) tools/environment.py
BIN := .venv/bin

help:  ## Show this list
	@sed -n 's/^\([a-z-]*\):.*## \(.*\)/\1\t\2/p' Makefile | awk -F '\t' '{printf "  make %-13s %s\n", $$1, $$2}'

node-environment:
	@$(ENVIRONMENT) requirements.txt

dev-environment:
	@$(ENVIRONMENT) requirements-dev.txt

demo: node-environment  ## Load the invented city, play the story, keep serving (EXIT=1: stop afterwards)
	@$(BIN)/rongxin demo $(if $(EXIT),--exit) $(ARGS)

check: dev-environment  ## Check style, types, the direction of imports and the house rules
	@mkdir -p var && rm -f var/left_out.txt
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/mypy
	$(BIN)/lint-imports --no-cache
	RONGXIN_LEFT_OUT=var/left_out.txt $(BIN)/pytest -q tests/meta

test: check  ## Run the checks, then all tests but the long ones
	RONGXIN_LEFT_OUT=var/left_out.txt $(BIN)/pytest -q -n auto --maxprocesses 4 --dist loadscope --no-loadscope-reorder -m "not long" --ignore tests/meta $(ARGS)

test-long: dev-environment  ## Run the long tests (soak, kill and restart, large files)
	$(BIN)/pytest -q -m long $(ARGS)

fix: dev-environment  ## Put style and import order right
	$(BIN)/ruff check --fix
	$(BIN)/ruff format

docs: dev-environment  ## Write the generated pages of docs/reference anew
	$(BIN)/python -m rongxin.entrypoints.cli.docs

tour: dev-environment  ## Take the README's pictures anew (needs a Chromium and a Chinese font)
	RONGXIN_TOUR=docs/tour $(BIN)/pytest -q tests/journeys/test_tour.py

bench: node-environment  ## Measure one thing beside its floor: NAME=report (ARGS="--key value")
	@test -n "$(NAME)" || { echo "make bench NAME=…: one of $$(ls bench | sed -n 's/\.py$$//p' | tr '\n' ' ')"; exit 2; }
	@$(BIN)/rongxin bench $(NAME) $(ARGS)

COMPILE = uv pip compile --universal --python-version 3.11 --generate-hashes --no-header --no-annotate --quiet

requirements:  ## Resolve the pinned versions anew (needs uv)
	$(COMPILE) --extra gateway pyproject.toml -o requirements-gateway.txt
	$(COMPILE) --extra node --extra gateway pyproject.toml requirements-build.in -c requirements-gateway.txt -o requirements.txt
	$(COMPILE) --extra front pyproject.toml -c requirements.txt -o requirements-front.txt
	$(COMPILE) --extra node --extra gateway --extra fit --extra spark --group dev pyproject.toml requirements-build.in -c requirements.txt -o requirements-dev.txt
