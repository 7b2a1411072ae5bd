# Two commands: `make book` reads the book, `make test` checks it.
# Every target makes `.venv` by itself; running one again costs nothing.

PYTHON ?= $(shell for p in python3 python3.13 python3.12 python3.11; do \
  $$p -c 'import sys; sys.exit(not (3,11) <= sys.version_info[:2] <= (3,13))' \
  2>/dev/null && echo $$p && break; done)
PORT ?= 8000
WORKERS ?= 2
VENV := .venv
BIN := $(VENV)/bin
INSTALLED := $(VENV)/.installed

.DEFAULT_GOAL := help
.PHONY: help book site test lab execute bench assignments clean

help: ## show this list
	@awk -F ':.*## ' '/^[a-z]+:.*## /{printf "  make %-12s %s\n", $$1, $$2}' \
	  $(MAKEFILE_LIST)

book: site ## build the website and serve it on this machine (PORT=8000)
	@$(BIN)/python -m tools.serve --port $(PORT)

site: $(INSTALLED) ## build the website into _build/html
	@$(BIN)/python -m tools.vendor
	@$(BIN)/python -m tools.build_site

test: $(INSTALLED) ## check everything: code, notebooks, website (WORKERS=2)
	@$(BIN)/python -m tools.vendor
	@$(BIN)/python -m tools.run_tests --workers $(WORKERS)

lab: $(INSTALLED) ## open the notebooks in JupyterLab
	@$(BIN)/jupyter lab --notebook-dir=book

execute: $(INSTALLED) ## renew stored outputs of changed notebooks (NB=path or ALL=1)
	@$(BIN)/python -m tools.execute $(NB) $(if $(ALL),--all)

bench: $(INSTALLED) ## measure speed against other implementations
	@for script in $$(grep -l __main__ benchmarks/*.py); do \
	  echo "== $$script"; $(BIN)/python $$script || exit 1; done

assignments: $(INSTALLED) ## make the student versions of the assignments
	@$(BIN)/python -m tools.assignments generate

clean: ## remove what was built, but not .venv
	rm -rf _build site_assets/vendor node_modules

$(INSTALLED): requirements.txt pyproject.toml
	@test -n "$(PYTHON)" || { echo "Python 3.11, 3.12 or 3.13 is needed:" \
	  "name one with PYTHON=/path/to/python"; exit 1; }
	@echo "installing into $(VENV) with $(PYTHON), once: one to three minutes"
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --disable-pip-version-check \
	  -r requirements.txt -e .
	@touch $@
