# Every target makes what it needs, from nothing, and makes it once. `make help` lists them.

PYTHON ?= python3
WORKERS ?= 2
ARGS ?=

VENV := .venv
DEMO_VENV := .venv-demo
WHEEL_VENV := .venv-wheel
OLDEST_VENV := .venv-oldest
BIN := $(VENV)/bin
COMMA := ,

# An environment is up to date when it has a stamp with the digest of what it was made
# from, whatever the dates of the files are.
DIGEST := $(shell cat pyproject.toml constraints.txt | cksum | cut -d ' ' -f 1)
TEST_STAMP := $(VENV)/.stamp-test-$(DIGEST)
DOC_STAMP := $(VENV)/.stamp-doc-$(DIGEST)
BENCH_STAMP := $(VENV)/.stamp-bench-$(DIGEST)
DIST_STAMP := $(VENV)/.stamp-dist-$(DIGEST)
DEMO_STAMP := $(DEMO_VENV)/.stamp-$(DIGEST)
OLDEST_STAMP := $(OLDEST_VENV)/.stamp-$(DIGEST)

# A Python that the caller names is the only one tried; else the first that will do.
PYTHONS := $(PYTHON) $(if $(filter file,$(origin PYTHON)),python3.13 python3.12 python3.11)

# $(call environment,FOLDER): a virtual environment, unless a working one is there.
define environment
if ! $(1)/bin/python -m pip --version >/dev/null 2>&1; then \
    for candidate in $(PYTHONS); do \
        if "$$candidate" -c 'import ensurepip, sys, venv; sys.exit(sys.version_info < (3, 11))' >/dev/null 2>&1; then \
            echo "Making $(1) with $$("$$candidate" --version); the first time takes some minutes."; \
            rm -rf $(1) && exec "$$candidate" -m venv $(1); \
        fi; \
    done; \
    echo "skgeom needs Python 3.11 or newer, with its venv module. Tried: $(PYTHONS)." >&2; \
    echo "Name one with: make PYTHON=/path/to/python3" >&2; \
    exit 1; \
fi
endef

# $(call install,FOLDER,REQUIREMENTS): pip within the constraints, in isolated builds too.
# It talks to FOLDER/pip.log, whose end is shown when something goes wrong.
define install
PIP_CONSTRAINT=constraints.txt PIP_BUILD_CONSTRAINT=constraints.txt \
    $(1)/bin/python -m pip install --disable-pip-version-check --progress-bar off $(2) \
    >$(1)/pip.log 2>&1 || { tail -n 40 $(1)/pip.log >&2; exit 1; }
endef

# $(call first_steps,WHAT): the README's Python, with what is installed and nothing else.
define first_steps
$(WHEEL_VENV)/bin/python -I -W error tools/run_blocks.py README.md
@$(WHEEL_VENV)/bin/python -I -c "import skgeom; \
    print('skgeom', skgeom.__version__, 'works from its $(1) in', skgeom.__path__[0])"
endef

.DEFAULT_GOAL := help
.PHONY: help venv demo test test-all test-oldest lint docs bench dist clean

help: ## list the targets
	@echo "make TARGET, with PYTHON=..., WORKERS=... (tests) and ARGS=... (for pytest) as wished:"
	@sed -n 's/^\([a-z-]*\):.*## \(.*\)/  \1|\2/p' Makefile | awk -F '|' '{ printf "%-13s%s\n", $$1, $$2 }'

venv: $(TEST_STAMP) ## the development environment, in .venv

demo: $(DEMO_STAMP) ## the estimators on real data: figures and scores in demo/
	@MPLBACKEND=Agg $(DEMO_VENV)/bin/python examples/demo.py --out demo

test: $(TEST_STAMP) ## the tests, but for the slow ones
	@OMP_NUM_THREADS=1 SCIPY_ARRAY_API=1 $(BIN)/python -m pytest -n $(WORKERS) $(ARGS)

test-all: $(TEST_STAMP) ## the tests, the slow ones too
	@OMP_NUM_THREADS=1 SCIPY_ARRAY_API=1 $(BIN)/python -m pytest -n $(WORKERS) -m "slow or not slow" $(ARGS)

test-oldest: $(OLDEST_STAMP) ## the tests, with the oldest dependencies that are allowed
	@OMP_NUM_THREADS=1 SCIPY_ARRAY_API=1 $(OLDEST_VENV)/bin/python -m pytest -n $(WORKERS) $(ARGS)

lint: $(TEST_STAMP) ## style, format, import contracts and types
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@$(BIN)/lint-imports --no-cache --no-logo
	@$(BIN)/mypy

# Examples that ran before are kept until they, skgeom or the environment change.
docs: $(DOC_STAMP) ## the web pages, in doc/_build/html
	@digest=$$(find skgeom -name '*.py' | LC_ALL=C sort | xargs cat constraints.txt | cksum | cut -d ' ' -f 1); \
	    if [ ! -e doc/gallery/.of-$$digest ]; then \
	        rm -rf doc/gallery doc/generated; mkdir -p doc/gallery; touch doc/gallery/.of-$$digest; \
	    fi
	@rm -rf doc/_build/html
	@OMP_NUM_THREADS=1 MPLBACKEND=Agg $(BIN)/python -m sphinx -E -W --keep-going -q -b html doc doc/_build/html
	@$(BIN)/python tools/check_links.py doc/_build/html
	@echo "doc/_build/html/index.html"

bench: $(BENCH_STAMP) ## the benchmarks at their quick size
	@set -e; for script in benchmarks/*/bench_*.py; do \
	    module=$$(echo "$${script%.py}" | tr / .); \
	    echo "$$module"; MPLBACKEND=Agg $(BIN)/python -m "$$module" --quick; \
	done

dist: $(DIST_STAMP) ## an sdist and a wheel in dist/; each is tried by itself
	@rm -rf dist $(WHEEL_VENV)
	@PIP_CONSTRAINT=constraints.txt PIP_BUILD_CONSTRAINT=constraints.txt \
	    $(BIN)/python -m build --outdir dist .
	@$(BIN)/python -m venv $(WHEEL_VENV)
	@$(call install,$(WHEEL_VENV),dist/*.whl)
	@$(call first_steps,wheel)
	@$(call install,$(WHEEL_VENV),--force-reinstall --no-deps dist/*.tar.gz)
	@$(call first_steps,sdist)

clean: ## remove all that make made, the environments too
	@rm -rf $(VENV) $(DEMO_VENV) $(WHEEL_VENV) $(OLDEST_VENV) demo dist doc/_build doc/gallery doc/generated
	@rm -rf doc/sg_execution_times.rst .pytest_cache .ruff_cache .mypy_cache .hypothesis
	@find . -name __pycache__ -type d -prune -exec rm -rf {} +

$(TEST_STAMP):
	@$(call environment,$(VENV))
	@$(call install,$(VENV),torch)
	@$(call install,$(VENV),-e '.[test$(COMMA)lint$(COMMA)torch$(COMMA)ann$(COMMA)plot]')
	@rm -f $(VENV)/.stamp-*
	@touch $@

$(DOC_STAMP): $(TEST_STAMP)
	@$(call install,$(VENV),-e '.[doc]')
	@touch $@

$(BENCH_STAMP): $(TEST_STAMP)
	@$(call install,$(VENV),-e '.[bench]')
	@touch $@

$(DIST_STAMP): $(TEST_STAMP)
	@$(call install,$(VENV),-e '.[dist]')
	@touch $@

$(DEMO_STAMP):
	@$(call environment,$(DEMO_VENV))
	@$(call install,$(DEMO_VENV),-e '.[plot]')
	@rm -f $(DEMO_VENV)/.stamp-*
	@touch $@

$(OLDEST_STAMP):
	@$(call environment,$(OLDEST_VENV))
	@$(OLDEST_VENV)/bin/python tools/oldest_versions.py >$(OLDEST_VENV)/oldest.txt
	@$(OLDEST_VENV)/bin/python -m pip install --disable-pip-version-check \
	    --progress-bar off -c $(OLDEST_VENV)/oldest.txt -e '.[test]'
	@rm -f $(OLDEST_VENV)/.stamp-*
	@touch $@
