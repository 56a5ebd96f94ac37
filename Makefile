# The course's commands. `make` alone lists them. Everything runs in .venv, which is made when it is needed and made again
# only when requirements.lock has changed.

VENV := .venv/bin/python
INSTALLED := .venv/.installed
COLAB := .venv-colab

# The tests run on the processor: what a GPU computes differs in the last digits.
test-%: export CUDA_VISIBLE_DEVICES := -1

.DEFAULT_GOAL := help
.NOTPARALLEL:
.PHONY: help install lab test test-all run bench pretrained scoreboard manifest page site lock badges screenshot
.PHONY: test-lint test-unit test-notebooks test-browser test-offline test-slow test-jax test-colab

# $(call step,name,command,cure) says which step runs and, where it fails, how to go on
define step
@printf '\n== %s\n' '$(1)'
@$(2) || { printf '\nThe step "%s" failed. Cure: %s\n' '$(1)' '$(3)' >&2; exit 1; }
endef

help: ## list these commands
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-11s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

install: $(INSTALLED) ## make .venv from requirements.lock
	@echo 'The environment is ready: make lab'

$(INSTALLED): requirements.lock
	@sh tools/install.sh
	@touch $@

lab: $(INSTALLED) ## open the first lesson in JupyterLab
	@$(VENV) -m jupyterlab $(if $(filter 0,$(shell id -u)),--allow-root) notebooks/00_start_here.ipynb

NEWCOMERS := test-lint test-unit test-notebooks test-browser
BROWSER := .pytest_cache/browser.xml
SKIPPED = $(shell sed -n 's/.*<testsuite [^>]*skipped="\([1-9][0-9]*\)".*/; \1 browser tests skipped: install Chromium/p' $(BROWSER))

test: $(INSTALLED) $(NEWCOMERS) ## run the tests, as you need them before a commit
	@printf '\nAll tests passed%s\n' '$(SKIPPED)'

test-all: $(INSTALLED) $(NEWCOMERS) test-offline test-slow test-jax ## run all tests: without network and on JAX, too
	@printf '\nAll tests passed%s\n' '$(SKIPPED)'

test-lint: $(INSTALLED)
	$(call step,lint,$(VENV) -m ruff check . && $(VENV) -m ruff format --check .,$(VENV) -m ruff check --fix . && $(VENV) -m ruff format .)

test-unit: $(INSTALLED)
	$(call step,unit tests,$(VENV) -m pytest utils.py tests --doctest-modules --ignore=tests/browser \
	    --ignore=tests/benchmarks --numprocesses 2 --dist loadfile -m 'not slow' -k 'not on_jax',mend what the first failing test names)

test-notebooks: $(INSTALLED)
	$(call step,notebooks,$(VENV) tools/compare.py,mend the cell; or write its new output with make run SAVE=1 and look at the change)

test-browser: $(INSTALLED)
	$(call step,browser,$(VENV) -m pytest tests/browser --numprocesses 2 --dist loadfile --junitxml=$(BROWSER),mend what the test names)

# Without the texts, the step for the notebooks has done this already.
test-offline: $(INSTALLED)
	$(call step,offline,flag=$$($(VENV) tools/corpora.py) && { [ $$flag = --nbval-lax ] || \
	    LSTM_OFFLINE=1 $(VENV) tools/compare.py --with-texts; },a lesson must run to its end without network)

test-slow: $(INSTALLED)
	$(call step,slow tests,$(VENV) -m pytest tests --ignore=tests/browser -m slow,mend what the first failing test names; after a new model that is make scoreboard)

test-jax: $(INSTALLED)
	$(call step,JAX,KERAS_BACKEND=jax $(VENV) -m pytest --nbval-lax --nbval-current-env notebooks/00_*.ipynb notebooks/02_*.ipynb \
	    && $(VENV) -m pytest tests -k on_jax,these lessons and helpers must work on each backend of Keras)

test-colab: $(COLAB)/.installed ## run the lessons with the versions that Colab ships (one: LESSON=04)
	@$(COLAB)/bin/python tools/colab.py $(if $(LESSON),--lesson $(LESSON))

# Without pip, so that a lesson that would install something fails.
$(COLAB)/.installed: tools/colab.txt | $(INSTALLED)
	$(call step,environment of Colab,$(VENV) -m uv venv --quiet --clear --python 3.12 $(COLAB) && $(VENV) -m uv pip install \
	    --python $(COLAB) --requirement $<,install Python 3.12 (pyenv: PYENV_VERSION=3.12.x make test-colab) or mend tools/colab.txt)
	@touch $@

run: $(INSTALLED) ## run the lessons (one: LESSON=04; keep the outputs: SAVE=1)
	@$(VENV) tools/run_lessons.py $(if $(LESSON),--lesson $(LESSON)) $(if $(SAVE),--save)

bench: $(INSTALLED) ## measure generation, training and memory
	@$(VENV) tests/benchmarks/bench.py

pretrained: $(INSTALLED) ## train the models in assets/models again
	@$(VENV) tools/pretrain.py

scoreboard: $(INSTALLED) ## measure all models and opponents again: file, picture and table in README.md
	@$(VENV) tools/scoreboard.py

manifest: $(INSTALLED) ## write the sha256 of assets into assets/manifest.json and utils.py
	@$(VENV) tools/manifest.py

page: $(INSTALLED) ## write assets/playground.html, the page that needs no kernel, from tools/page.html and the models
	@$(VENV) tools/page.py

site: $(INSTALLED) ## write README, lessons and page as a website into site/
	@$(VENV) tools/website.py

lock: $(INSTALLED) ## compile environment.yml into requirements.lock (newest versions: UPGRADE=1)
	@$(VENV) tools/lock.py $(if $(UPGRADE),--upgrade)

badges: $(INSTALLED) ## write navigation, badges and the table of lessons (publish your fork: REPOSITORY=owner/name)
	@$(VENV) tools/badges.py $(if $(REPOSITORY),--repository '$(REPOSITORY)')

screenshot: $(INSTALLED) ## take the picture of the slider for README.md
	@CI=true LSTM_SCREENSHOT_DIR=assets/figures $(VENV) -m pytest tests/browser -k screenshot
