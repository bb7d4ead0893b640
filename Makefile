# Everything runs in a virtual environment inside the checkout; nothing else is touched.

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
REQUIREMENTS := requirements/dev.txt
LIBRARY := src/windstill/elements/sky/_painting.so
C_SOURCES := $(wildcard src/windstill/*/*.[ch] src/windstill/*/*/*.[ch])

.DEFAULT_GOAL := help
.PHONY: help setup clients serve cluster demo test test-all docs npm dist lint audit sbom pin-images format lock clean

# Ends unless a folder may be deleted: it is not there, it is empty, or it was made here.
MARK := .made-by-windstill
may_delete = test ! -e "$(1)" || test -e "$(1)/$(MARK)" || test -e "$(1)/.ready" -a -e "$(1)/pyvenv.cfg" \
	|| test -d "$(1)" -a -z "$$(ls -A "$(1)")" || { echo "$(1) was not made by make; delete it, or name another folder: make VENV=PATH" >&2; exit 1; }

help: ## list the commands
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed 's/:.*##/\t/' | expand -t 12

setup: $(VENV)/.ready $(LIBRARY) ## install everything into .venv

# Made again whenever a dependency changes. The stamp is written last, so that an interrupted
# set-up starts over.
$(VENV)/.ready: $(REQUIREMENTS) pyproject.toml
	$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Windstill needs Python 3.11 or newer")'
	@$(call may_delete,$(VENV))
	rm -rf $(VENV)
	mkdir -p $(VENV)
	touch $(VENV)/$(MARK)
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r $(REQUIREMENTS)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation --editable .
	touch $@

# Installing compiles all libraries; this does so again after a change.
$(LIBRARY): setup.py $(C_SOURCES) | $(VENV)/.ready
	$(BIN)/python setup.py --quiet build_ext --inplace
	touch $@

# Clients of other services that tests run, each in a folder of its own, as they can't be
# installed together; Node's only where Node is there.
CLIENTS := $(VENV)-clients
clients: $(patsubst requirements/clients/%.txt,$(CLIENTS)/%/.ready,$(wildcard requirements/clients/*.txt)) $(if $(shell command -v npm),$(CLIENTS)/node/.ready) ## install the clients that tests run

$(CLIENTS)/%/.ready: requirements/clients/%.txt | $(VENV)/.ready
	rm -rf $(@D)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes --no-deps --no-build-isolation --target $(@D) -r $<
	touch $@

$(CLIENTS)/node/.ready: requirements/clients/node/package-lock.json
	rm -rf $(@D)
	mkdir -p $(@D)
	cp requirements/clients/node/*.json $(@D)
	npm ci --prefix $(@D) --ignore-scripts --no-audit --no-fund --silent
	touch $@

serve: setup ## run the service; prints its address, a key and a ready curl line
	$(BIN)/windstill serve --data data

demo: setup ## animate a photo that a dependency ships
	$(BIN)/python examples/demo.py

test: setup clients ## run the tests
	$(BIN)/python -m pytest -m "not slow"

test-all: setup clients ## run the tests, the slow ones too
	$(BIN)/python -m pytest

lint: setup ## check style, types, the direction of imports, and for unsafe code and secrets
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/bandit --quiet --recursive --configfile pyproject.toml src benchmarks training examples
	.ci/secrets

audit: setup ## ask the package index for advisories about the pinned dependencies; needs the network
	$(BIN)/pip-audit --strict --require-hashes --disable-pip -r $(REQUIREMENTS)

sbom: setup ## write the image's bill of materials, as CycloneDX, to build/sbom.json
	$(BIN)/python deploy/sbom.py build/sbom.json

pin-images: ## name the images that deploy/ builds on by digest; needs docker and the network
	deploy/pin-images

docs: setup ## build the documentation site in build/site
	$(BIN)/mkdocs build --strict

cluster: setup ## run the service as on many machines: PostgreSQL, RabbitMQ, an object store, workers
	$(BIN)/python -m examples.cluster

format: setup ## format the code
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

lock: ## pin the dependencies again
	@$(call may_delete,$(VENV)-lock)
	rm -rf $(VENV)-lock
	mkdir -p $(VENV)-lock
	touch $(VENV)-lock/$(MARK)
	$(PYTHON) -m venv $(VENV)-lock
	$(VENV)-lock/bin/python -m pip install --quiet uv
	$(VENV)-lock/bin/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-emit-find-links --no-header --upgrade --extra serve --extra postgres --extra rabbitmq --extra s3 --extra heic --extra docs --extra test --extra lint pyproject.toml requirements/build.in -o $(REQUIREMENTS)
	$(VENV)-lock/bin/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-emit-find-links --no-header --no-annotate --constraint $(REQUIREMENTS) --extra serve --extra heic --extra postgres --extra rabbitmq --extra s3 pyproject.toml requirements/build.in -o deploy/requirements.lock
	(head -1 deploy/requirements.txt; cat deploy/requirements.lock) > deploy/requirements.new
	mv deploy/requirements.new deploy/requirements.txt
	for client in requirements/clients/*.in; do $(VENV)-lock/bin/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-emit-find-links --no-header --no-annotate --upgrade $$client -o $${client%.in}.txt; done
	rm -rf $(VENV)-lock deploy/requirements.lock

# From the source archive alone, so that it is known to hold everything.
DIST_MACHINES := x86_64 aarch64
npm: setup ## build the npm package of the web component into build/npm
	rm -rf build/npm
	mkdir -p build/npm
	cp integrations/npm/* LICENSE build/npm
	$(BIN)/python -c 'from windstill.web.bundle import bundle; print(bundle(), end="")' > build/npm/windstill-loop.js

dist: setup ## build the source archive and the wheels in dist
	rm -rf build/dist dist
	mkdir -p build/dist dist
	$(BIN)/python setup.py --quiet sdist --dist-dir dist
	tar -xzf dist/windstill-*.tar.gz -C build/dist --strip-components 1
	for machine in $(DIST_MACHINES); do \
		rm -rf build/dist/build && WINDSTILL_MACHINE=$$machine $(BIN)/python -m pip wheel --quiet --disable-pip-version-check \
		--no-deps --no-build-isolation --wheel-dir dist build/dist || exit 1; \
	done
	ls -l dist

clean: ## remove what set-up and tests made
	@$(call may_delete,$(VENV))
	rm -rf $(VENV) $(CLIENTS) build dist src/*.egg-info $(wildcard src/windstill/*/*.so src/windstill/*/*/*.so) .pytest_cache .mypy_cache .ruff_cache .hypothesis .import_linter_cache
