# Two commands do everything on a fresh machine with Python 3.11 or newer:
#   make dream   sets up .venv, dreams the built-in example, writes dream.mp4
#   make test    sets up .venv, runs all tests
# and a third shows the web app:
#   make demo    sets up .venv, opens http://127.0.0.1:7860

# the first Python that is new enough and that TensorFlow has wheels for; `make PYTHON=... dream` overrides
PYTHON ?= $(shell for p in python3 python3.12 python3.13 python3.11 python; do \
	$$p -c 'import sys; sys.exit(not (3, 11) <= sys.version_info[:2] <= (3, 13))' >/dev/null 2>&1 && echo $$p && exit; \
	done; echo python3)
VENV ?= .venv
RUN := $(VENV)/bin/python

.PHONY: dream demo test lint install dev clean

dream: $(VENV)/.installed
	$(RUN) -m deepdream_av.video --force -o dream.mp4

demo: $(VENV)/.demo
	$(RUN) -m deepdream_av demo

test: $(VENV)/.dev
	$(RUN) -m pytest

lint: $(VENV)/.dev
	$(RUN) -m ruff check --line-length 120 --select E,F,W,I,B,UP --ignore B905 --target-version py311 .

install: $(VENV)/.installed

dev: $(VENV)/.dev

$(VENV)/bin/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null || \
		{ echo "deepdream_av needs Python 3.11 or newer; '$(PYTHON)' is not. Try: make PYTHON=/path/to/python3.12"; exit 1; }
	@$(PYTHON) -m venv $(VENV) || \
		{ rm -rf $(VENV); echo "No virtual environment could be made. On Debian and Ubuntu: apt install python3-venv"; exit 1; }

# the stamps keep a second run from installing again
$(VENV)/.installed: setup.cfg pyproject.toml | $(VENV)/bin/python
	$(RUN) -m pip install --quiet --disable-pip-version-check -e .
	@touch $@

$(VENV)/.demo: $(VENV)/.installed
	$(RUN) -m pip install --quiet --disable-pip-version-check -e '.[demo]'
	@touch $@

$(VENV)/.dev: $(VENV)/.installed
	$(RUN) -m pip install --quiet --disable-pip-version-check -e '.[dev]'
	@touch $@

clean:
	rm -rf $(VENV) build dist *.egg-info
