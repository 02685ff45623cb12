# Evenhand. Everything here works on a machine that has Python >= 3.11, make and git; the rest is set up in .venv.
#
#   PYTHON=/path/to/python3   another Python than the first suitable one on the PATH
#   EVENHAND_HOME=folder      another home for `make serve` than the demo's
#   ARGS="-k receipts -x"     more arguments for pytest (`make test`) or for a command (`make serve`)

SHELL := /bin/sh
.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
MAKEFLAGS += --no-print-directory

# Imports come from the editable install in .venv, never from what the shell happens to export.
unexport PYTHONPATH PYTHONHOME

VENV := .venv
BIN := $(VENV)/bin
READY := $(VENV)/.ready
EVENHAND := $(BIN)/evenhand
DEMO_HOME := demo-home
PROBES_VENV := .venv-probes
PROBES_OUT := demo-probes
MARK := .made-by-make-demo
CORE_LIMIT_MB := 300
PIP_FLAGS := --quiet --disable-pip-version-check --no-input --require-virtualenv
LOCK_FLAGS := --quiet --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-emit-find-links --no-header

# A checkout that was moved or copied has scripts that point to the old place: set it up again.
ifneq ($(shell cat $(READY) 2>/dev/null),$(CURDIR))
$(shell rm -f $(READY))
endif

# Sets $$python to the first Python >= 3.11 that can make virtual environments, or says what to do.
find_python = \
	python=; found=; \
	for candidate in $(if $(PYTHON),"$(PYTHON)",python3 python3.13 python3.12 python3.11 python3.14 python); do \
		version=$$("$$candidate" -c 'import sys; print("%d.%d.%d" % sys.version_info[:3])' 2>/dev/null) || continue; \
		found="$$found $$candidate ($$version)"; \
		"$$candidate" -c 'import sys; sys.exit(sys.version_info < (3, 11))' || continue; \
		python=$$candidate; break; \
	done; \
	if [ -z "$$python" ]; then \
		echo "Evenhand needs Python 3.11 or newer; found:$${found:- none}." >&2; \
		echo "Install one, or name it: make $(or $(MAKECMDGOALS),test) PYTHON=/path/to/python3" >&2; \
		exit 1; \
	fi; \
	if ! "$$python" -c 'import ensurepip, venv' 2>/dev/null; then \
		echo "$$python ($$version) has no venv or ensurepip, which this set-up needs." >&2; \
		echo "On Debian and Ubuntu: apt install python3-venv. Or name another: make PYTHON=/path/to/python3" >&2; \
		exit 1; \
	fi

# $(call say,text) prints a heading, $(call step,command) a command and runs it.
say = if [ -t 1 ] && [ -z "$$NO_COLOR" ]; then printf '\n\033[1m==> %s\033[0m\n' "$(1)"; else printf '\n==> %s\n' "$(1)"; fi
step = $(call say,$(1)); $(BIN)/$(1)

# What tests write, they write into memory where there is plenty: many wait for a disk, as a database does that keeps
# its word. A TMPDIR of one's own stays as it is.
in_memory = \
	room=$$(df -Pk /dev/shm 2>/dev/null | awk 'NR == 2 { print $$4 }'); \
	free=$$(awk '/^MemAvailable/ { print $$2 }' /proc/meminfo 2>/dev/null); \
	if [ -z "$$TMPDIR" ] && [ "$${room:-0}" -gt 10000000 ] && [ "$${free:-0}" -gt 14000000 ]; then \
		TMPDIR=$$(mktemp -d /dev/shm/evenhand-tests.XXXXXX); export TMPDIR; \
		trap 'rm -rf "$$TMPDIR"' EXIT; trap 'exit 130' INT; trap 'exit 143' TERM; \
	fi

.PHONY: help demo demo-probes demo-label-studio serve test browser lint format lock audit-install bench clean

help:  ## print this list
	@echo "Evenhand: make TARGET"; echo
	@sed -n 's/^\([a-z-]*\):[^#]*## \(.*\)$$/\1	\2/p' Makefile | while IFS='	' read -r target line; do \
		printf '  %-14s %s\n' "$$target" "$$line"; done
	@echo; echo "Variables: PYTHON, EVENHAND_HOME, ARGS (see the head of the Makefile)"

$(READY): pyproject.toml requirements/dev.txt
	@set -e; \
	if [ -e $(VENV) ] && [ ! -e $(VENV)/pyvenv.cfg ]; then \
		echo "$(VENV) exists and is no virtual environment: move it away first." >&2; exit 1; \
	fi; \
	if [ ! -e $@ ] || ! $(BIN)/python -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then \
		$(find_python); \
		$(call say,Setting up $(VENV) with $$python $$version: one to three minutes); \
		"$$python" -m venv --clear $(VENV); \
	else \
		$(call say,Bringing $(VENV) up to the lock); \
	fi; \
	$(BIN)/python -m pip install $(PIP_FLAGS) --require-hashes -r requirements/dev.txt; \
	$(BIN)/python -m pip install $(PIP_FLAGS) --no-build-isolation --no-deps -e .; \
	printf '%s' '$(CURDIR)' > $@

demo: $(READY)  ## run the whole story, from a proposal to a verified release, in demo-home/
	@set -e; \
	if [ -L $(DEMO_HOME) ] || { [ -e $(DEMO_HOME) ] && [ ! -f $(DEMO_HOME)/$(MARK) ]; }; then \
		echo "$(DEMO_HOME) exists and was not made by \`make demo\`: it stays as it is. Move it away and try again." >&2; \
		exit 1; \
	fi; \
	rm -rf $(DEMO_HOME); \
	mark() { [ ! -d $(DEMO_HOME) ] || : > $(DEMO_HOME)/$(MARK); }; \
	trap mark EXIT; trap 'exit 130' INT; trap 'exit 143' TERM; \
	$(EVENHAND) --home $(DEMO_HOME) demo $(ARGS)

demo-label-studio: $(READY)  ## review in a real Label Studio, installed on first use, in a new folder under build/
	@mkdir -p build; home=$$(mktemp -d build/demo-label-studio-XXXXXX); \
	$(EVENHAND) --home "$$home" label-studio demo $(ARGS)

# torch is installed apart: pip takes it from PyPI, where on Linux it brings CUDA. PIP_EXTRA_INDEX_URL in the
# environment can name torch's index of CPU builds.
$(PROBES_VENV)/.ready: pyproject.toml
	@set -e; \
	if ! $(PROBES_VENV)/bin/python -c 'import torch, transformers' 2>/dev/null; then \
		$(find_python); \
		$(call say,Setting up $(PROBES_VENV) with $$python $$version and torch: some minutes); \
		"$$python" -m venv --clear $(PROBES_VENV); \
		$(PROBES_VENV)/bin/python -m pip install $(PIP_FLAGS) 'torch>=2.6' 'transformers>=5'; \
	fi; \
	$(PROBES_VENV)/bin/python -m pip install $(PIP_FLAGS) -e '.[probes]'; \
	: > $@

demo-probes: $(READY) $(PROBES_VENV)/.ready  ## train a toy model with a planted lean, and see what the probe makes of it
	@set -e; \
	release=$$(ls -d $(DEMO_HOME)/releases/*/manifest.json 2>/dev/null | tail -n 1); \
	if [ -z "$$release" ]; then \
		$(call say,The demo's release comes first: make demo); \
		$(MAKE) demo ARGS=; \
		release=$$(ls -d $(DEMO_HOME)/releases/*/manifest.json | tail -n 1); \
	fi; \
	if [ -e $(PROBES_OUT) ] && [ ! -f $(PROBES_OUT)/$(MARK) ]; then \
		echo "$(PROBES_OUT) exists and was not made by \`make demo-probes\`: it stays as it is. Move it away and try again." >&2; \
		exit 1; \
	fi; \
	rm -rf $(PROBES_OUT); mkdir $(PROBES_OUT); : > $(PROBES_OUT)/$(MARK); \
	$(PROBES_VENV)/bin/python -m curation.probing.toy "$$(dirname "$$release")" $(PROBES_OUT) $(ARGS)

serve: $(READY)  ## serve the web pages and the HTTP API from the demo's home
	@home="$(or $(EVENHAND_HOME),$(DEMO_HOME))"; \
	if [ ! -d "$$home" ]; then \
		echo "There is no home in $$home. Run \`make demo\` first, or name one: make serve EVENHAND_HOME=folder" >&2; \
		exit 1; \
	fi; \
	exec $(EVENHAND) --home "$$home" serve $(ARGS)

test: lint browser  ## everything that must pass: lint, then pytest
	@$(in_memory); $(call step,pytest -n auto $(ARGS))

browser: $(READY)  ## see to it that tests/browser have Chromium, where one may be installed
	@found() { \
		[ -n "$$EVENHAND_CHROMIUM" ] || command -v chromium >/dev/null || command -v chromium-browser >/dev/null \
		|| $(BIN)/python -c 'import os; from playwright.sync_api import sync_playwright; p = sync_playwright().start(); ok = os.path.exists(p.chromium.executable_path); p.stop(); raise SystemExit(not ok)' 2>/dev/null; \
	}; \
	found && exit 0; \
	$(call say,Installing Chromium for tests/browser); \
	if [ "$$(id -u)" = 0 ] && grep -q '^ID=debian' /etc/os-release 2>/dev/null; then \
		apt-get -q update && DEBIAN_FRONTEND=noninteractive apt-get -q install -y --no-install-recommends chromium fonts-noto-cjk || true; \
	else \
		$(BIN)/playwright install chromium || true; \
	fi; \
	found || echo "NO BROWSER: Chromium could not be installed here, so the tests in tests/browser will be skipped." >&2

lint: $(READY)  ## ruff (rules and format), mypy, import-linter
	@$(call step,ruff check)
	@$(call step,ruff format --check)
	@$(call step,mypy)
	@$(call step,lint-imports --no-logo)

format: $(READY)  ## format the code and mend what ruff can mend safely
	@$(call step,ruff check --fix)
	@$(call step,ruff format)

lock:  ## write requirements/*.txt anew from pyproject.toml (UPGRADE=1: newest versions)
	@set -e; \
	$(find_python); \
	folder=$$(mktemp -d); trap 'rm -rf "$$folder"' EXIT; trap 'exit 130' INT; trap 'exit 143' TERM; \
	"$$python" -m venv "$$folder"; \
	"$$folder/bin/python" -m pip install $(PIP_FLAGS) uv; \
	$(call say,requirements/dev.txt); \
	"$$folder/bin/uv" pip compile --python "$$python" $(LOCK_FLAGS) $(if $(UPGRADE),--upgrade) --all-extras \
		pyproject.toml requirements/build.in -o requirements/dev.txt; \
	$(call say,requirements/core.txt); \
	cp requirements/dev.txt "$$folder/dev.txt"; \
	"$$folder/bin/uv" pip compile --python "$$python" $(LOCK_FLAGS) --no-annotate $(if $(UPGRADE),--upgrade) -c "$$folder/dev.txt" \
		pyproject.toml requirements/build.in -o requirements/core.txt; \
	git --no-pager diff --stat -- requirements

audit-install:  ## install what an auditor needs, apart, and print its size (fails at 300 MB)
	@set -e; \
	$(find_python); \
	folder=$$(mktemp -d); trap 'rm -rf "$$folder"' EXIT; trap 'exit 130' INT; trap 'exit 143' TERM; \
	$(call say,Installing requirements/core.txt and Evenhand with $$python $$version); \
	"$$python" -m venv "$$folder/venv"; \
	"$$folder/venv/bin/python" -m pip install $(PIP_FLAGS) --require-hashes -r requirements/core.txt; \
	"$$folder/venv/bin/python" -m pip install $(PIP_FLAGS) --no-build-isolation --no-deps .; \
	size=$$(du -sk "$$folder/venv" | sed 's/[^0-9].*//'); size=$$(( (size + 1023) / 1024 )); \
	echo "An auditor's install takes $$size MB (limit: under $(CORE_LIMIT_MB) MB)."; \
	[ "$$size" -lt $(CORE_LIMIT_MB) ]; \
	cd "$$folder"; \
	for command in verify trace; do venv/bin/evenhand $$command --help > help.txt || { cat help.txt; exit 1; }; done; \
	echo "evenhand verify and evenhand trace start with it."

bench: $(READY)  ## run every benchmark under benchmarks/
	@set -e; found=; \
	for file in benchmarks/bench_*.py; do \
		[ -e "$$file" ] || continue; \
		found=yes; $(call say,$$file); $(BIN)/python "$$file" $(ARGS); \
	done; \
	[ -n "$$found" ] || echo "There is no benchmarks/bench_*.py."

clean:  ## remove both .venv, caches and what the demos made
	@if [ -f $(DEMO_HOME)/$(MARK) ] && [ ! -L $(DEMO_HOME) ]; then rm -rf $(DEMO_HOME); fi
	@if [ -f $(PROBES_OUT)/$(MARK) ] && [ ! -L $(PROBES_OUT) ]; then rm -rf $(PROBES_OUT); fi
	@for venv in $(VENV) $(PROBES_VENV); do if [ -f $$venv/pyvenv.cfg ]; then rm -rf $$venv; fi; done
	@rm -rf build dist .hypothesis .import_linter_cache .mypy_cache .pytest_cache .ruff_cache
	@find api benchmarks curation schemas tests validators -type d -name __pycache__ -prune -exec rm -rf {} + 2>/dev/null || true
