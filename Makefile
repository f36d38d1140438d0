# make figures   set up .venv and make the embedded default: every table, figure and verdict, and the page
# make report    the same, then all of it in one folder to look through
# make test      set up .venv and check everything
# make audit     look up known vulnerabilities of the pinned packages; needs the network
# make help      list the targets
PYTHON ?= python3
CORES ?= all
BIN := .venv/bin
STAMP := .venv/.installed

.PHONY: help figures report test lint setup audit clean

help: ## list the targets
	@grep -E '^[a-z]+:.*##' $(firstword $(MAKEFILE_LIST)) | sed -E 's/:.*## /\t/' | expand -t 12

setup: $(STAMP) ## create .venv with the exact versions of requirements.lock

$(STAMP): requirements.lock pyproject.toml
	@$(PYTHON) -c 'import sys; v = sys.version_info[:2]; sys.exit(None if (3, 11) <= v <= (3, 13) else \
	    "Python is %d.%d, but 3.11 to 3.13 is needed: make PYTHON=/path/to/python3.11" % v)'
	$(PYTHON) -m venv .venv
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -r requirements.lock
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation -e .
	touch $@

figures: $(STAMP) ## make every table, figure and verdict of the embedded default, and the page (figures/digits/index.html)
	PATH="$(CURDIR)/$(BIN):$$PATH" snakemake --cores $(CORES)

report: figures ## put the figures, pages and short tables of that run into one folder (figures/digits/report/report.html)
	PATH="$(CURDIR)/$(BIN):$$PATH" snakemake --report figures/digits/report.zip
	$(BIN)/python -m zipfile -e figures/digits/report.zip figures/digits

test: lint ## lint, format check, unit, property and workflow tests
	PATH="$(CURDIR)/$(BIN):$$PATH" pytest -q -n 2 --dist loadfile

lint: $(STAMP)
	PATH="$(CURDIR)/$(BIN):$$PATH" ruff check .
	PATH="$(CURDIR)/$(BIN):$$PATH" ruff format --check .
	PATH="$(CURDIR)/$(BIN):$$PATH" snakefmt --check Snakefile workflow
	PATH="$(CURDIR)/$(BIN):$$PATH" snakemake --lint

audit: ## look up known vulnerabilities of the packages of requirements.lock, with pip-audit; needs the network
	$(PYTHON) -m venv .venv/audit
	.venv/audit/bin/python -m pip install --quiet --disable-pip-version-check pip-audit
	.venv/audit/bin/pip-audit --requirement requirements.lock --no-deps --disable-pip --strict # without strict, what it could not look up would count as sound

clean: ## remove the environment; results and figures stay
	rm -rf .venv
