# `make help` lists what there is. Each command does its own set-up first.

PORT ?= 8000
IN ?= questions.jsonl
OUT ?= predictions.jsonl
SPLIT ?= validation
FILE ?=
DATA ?=
SHELL := /bin/sh
.DEFAULT_GOAL := help

UV_VERSION := 0.13.9
UV := $(shell command -v uv 2>/dev/null || echo .tools/bin/uv)
RUN := .venv/bin/python
export PYTHONUNBUFFERED := 1
export RASA_TELEMETRY_ENABLED := false

.PHONY: help setup setup-dev run test check train chat predict evaluate evaluate-conversations learn new-topics masking bench tune-encoder \
	measure bench-load scale faults faults-handoff conformance channel-faults simulate check-channels test-widget widget-size console-bench demo screens doctor audit sbom openapi staff clean

help:  ## This list
	@awk -F':.*## ' '/^[a-z-]+:.*## /{printf "make %-23s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

.tools/bin/uv:
	@python3 scripts/bring_uv.py $(UV_VERSION) .tools

# What a visitor's question needs; the development tools come with `setup-dev`.
.venv/.runtime: pyproject.toml uv.lock compat/pyproject.toml compat/*.py compat/*.pth | $(filter .tools/%,$(UV))
	@echo "Setting up the environment; the first time takes a minute or two ..."
	@$(UV) sync --frozen --inexact --no-default-groups --python-preference only-system --quiet 2>/dev/null \
		|| $(UV) sync --frozen --inexact --no-default-groups --quiet
	@touch $@

.venv/.development: .venv/.runtime
	@echo "Setting up the development tools ..."
	@$(UV) sync --frozen --quiet
	@touch .venv/.runtime $@

setup: .venv/.runtime  ## Set up what running needs

setup-dev: .venv/.development  ## Set up what development needs

train: setup  ## Train a model, unless the one there is current
	@$(RUN) -m assistant train

run: train  ## Start the assistant on PORT, until Ctrl-C
	@mkdir -p var
	@$(RUN) -m web migrate --verbosity 0
	@echo "Starting the assistant; it says when it is ready ..."
	@PATH="$(CURDIR)/.venv/bin:$$PATH" WEB_PORT=$(PORT) exec $(RUN) -m honcho --no-prefix start

chat: train  ## A conversation in the terminal
	@$(RUN) -m assistant chat

predict: train  ## Answer every question of IN=questions.jsonl into OUT=predictions.jsonl
	@$(RUN) -m assistant predict $(IN) $(OUT)

measure: train setup-dev  ## Set-up, size, training, start, memory, speed: the table for the docs
	@$(RUN) -m evaluation.measure

evaluate: setup train  ## How well it understands: SPLIT=validation or test, or FILE=questions.jsonl
	@$(RUN) -m evaluation.evaluate --split $(SPLIT) $(if $(FILE),--file $(FILE)) $(if $(ACCEPT),--accept)

evaluate-conversations: setup-dev train  ## Scripted conversations with the running product: SPLIT, FILE
	@$(RUN) -m evaluation.evaluate_conversations --split $(SPLIT) $(if $(FILE),--file $(FILE))

learn: setup train  ## Marks of staff become examples in data/, judged before and after; DRY=1, DOUBTFUL=1
	@mkdir -p results/learning
	@$(RUN) -m web marks export results/learning/marks.jsonl
	@rm -f results/learning/last.json
	@$(RUN) -m evaluation.learning results/learning/marks.jsonl --report results/learning/last.json \
		$(if $(DRY),--dry-run) $(if $(DOUBTFUL),--doubtful); \
		done=$$?; rm -f results/learning/marks.jsonl; exit $$done
	@$(if $(DRY),,$(RUN) -m web marks learned results/learning/last.json)

new-topics: setup  ## Unanswered questions as proposed topics, in results/topics/
	@mkdir -p results/topics
	@$(RUN) -m web marks unanswered results/topics/unanswered.jsonl
	@$(RUN) -m evaluation.learning.topics results/topics/unanswered.jsonl; \
		done=$$?; rm -f results/topics/unanswered.jsonl; exit $$done

masking: setup  ## What masking covers and misses, into docs/masking.md; MISSES=1 prints the misses
	@$(RUN) -m evaluation.measure_masking $(if $(MISSES),--misses)

bench: setup-dev  ## Beside stock Rasa and others, and on public data in DATA=folder, into docs/benchmarks.md
	@$(RUN) -m evaluation.benchmarks $(if $(DATA),--data $(DATA))

tune-encoder: setup-dev  ## Teach the sentence encoder this field again; brings PyTorch (3 GB) for it alone
	@$(UV) run --frozen --no-sync --with torch==2.13.0 --with transformers==5.23.0 --with onnx==1.23.2 \
		--with onnxscript==0.7.2 python -m scripts.tune_encoder $(if $(EXAMPLES),--examples $(EXAMPLES)) \
		$(if $(TARGET),--target $(TARGET))

bench-load: setup-dev train  ## The whole product under load, beside stock Rasa, into docs/benchmarks.md; QUICK=1
	@$(RUN) -m evaluation.load $(if $(QUICK),--quick)

scale: setup-dev train  ## Throughput by the number of rasa servers, on PostgreSQL and Redis, into docs/scale.md; QUICK=1
	@$(RUN) -m evaluation.scale $(if $(QUICK),--quick)

faults-handoff: setup train  ## Really stop each part during conversations, and print what becomes of them; QUICK=1
	@$(RUN) -m evaluation.faults $(if $(QUICK),--quick)

console-bench: setup-dev  ## The console with 1,000,000 messages, into docs/benchmarks.md; POSTGRES=n, SQLITE=n
	@$(RUN) -m evaluation.console $(if $(POSTGRES),--postgres $(POSTGRES)) $(if $(SQLITE),--sqlite $(SQLITE))

# Both channels' faults are their own command, with a table of their own.
faults: setup-dev train  ## Every fault, for real: faults-handoff and channel-faults; QUICK=1
	@$(RUN) -m evaluation.faults $(if $(QUICK),--quick)
	@$(RUN) -m evaluation.meta.faults $(if $(QUICK),--quick)

simulate: setup train  ## Messenger and WhatsApp without an account: a simulated Meta with a page to write on
	@$(RUN) -m evaluation.meta.simulate --port $(or $(SIMULATOR_PORT),8080)

check-channels: setup  ## Whether Messenger and WhatsApp are set up, and what to put right
	@$(RUN) -m web channels check

conformance: setup train  ## Every kind of message of Messenger and WhatsApp, against the real server
	@$(RUN) -m evaluation.meta.conformance

channel-faults: setup train  ## Messenger and WhatsApp while worker, Rasa and Graph API fail; QUICK=1
	@$(RUN) -m evaluation.meta.faults $(if $(QUICK),--quick)

DEMO_DATABASE_URL ?= sqlite:///$(CURDIR)/var/demo.sqlite3

demo: export DATABASE_URL := $(DEMO_DATABASE_URL)
demo: export WEB_PORT := $(PORT)
demo: export STAFF_SECOND_FACTOR := False
demo: setup  ## The console with 2,000 made-up conversations in a database of their own; FRESH=1 makes them anew
	@mkdir -p var
	@$(if $(FRESH),rm -f var/demo.sqlite3 var/demo.sqlite3-wal var/demo.sqlite3-shm)
	@$(RUN) -m web migrate --verbosity 0
	@$(RUN) -m web demo $(DEMO)
	@exec $(RUN) -m web serve --alone

audit: setup  ## Known vulnerabilities of the locked packages, with a control that shows the audit works
	@$(RUN) -m scripts.audit

sbom: setup  ## The software bill of materials, as CycloneDX, into results/sbom.cdx.json
	@mkdir -p results
	@$(UV) export --frozen --no-default-groups --no-emit-project --format cyclonedx1.5 --quiet \
		--preview-features sbom-export --output-file results/sbom.cdx.json
	@echo "results/sbom.cdx.json"

openapi: setup  ## Write docs/openapi.json anew
	@DJANGO_SETTINGS_MODULE=web.settings $(RUN) -m web.website.openapi > docs/openapi.json

doctor: setup  ## Look at the running installation and say what to put right
	@$(RUN) -m web doctor

screens: setup-dev  ## Pictures of every screen of the console, from the demo, into OUT=folder; DOCS=1 renews docs/images
	@$(RUN) -m scripts.console_screens $(if $(filter command line,$(origin OUT)),$(OUT),results/screens) $(if $(DOCS),--docs)

staff: setup  ## Make an administrator's account for the console; NAME=...
	@mkdir -p var
	@$(RUN) -m web migrate --verbosity 0
	@$(RUN) -m web administrator $(NAME)

test: setup-dev train  ## Run every test
	@$(RUN) -m pytest

test-widget: setup-dev  ## The widget in a real browser, which must be there
	@REQUIRE_ALL=1 $(RUN) -m pytest tests/widget

widget-size: setup-dev  ## Size and speed of the widget beside deep-chat, into docs/benchmarks.md
	@$(RUN) -m evaluation.widget

check: setup-dev  ## Format, lint, types, Rasa's data, stories, content
	@$(RUN) -m scripts.check

clean:  ## Remove what was made here: environment, model, databases
	rm -rf .venv .tools models var results widget/node_modules
