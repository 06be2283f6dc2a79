# Two commands do everything: `make run` and `make test`. The rest are parts of them.
PYTHON ?= python3
APP := .build/app/bin/python
BOT := .build/bot/bin/python

.PHONY: help run setup test check bench nlu-eval train index lock backup restore clean

help: ## list the targets
	@grep -E '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed 's/:.*## /\t/'

run: ## set up what is missing, start everything, print the addresses (Ctrl-C stops)
	@$(PYTHON) -m deploy.setup && $(PYTHON) -m deploy.run

setup: ## only set up: environments, encoder, index, Rasa model, pages
	@$(PYTHON) -m deploy.setup

test: ## everything: lint, pure, contract, conversation and browser tests
	@$(PYTHON) -m deploy.setup --tests
	@$(PYTHON) -m deploy.test

check: ## fast checks: lint, types, NLU data, guides
	@$(PYTHON) -m deploy.test --check

bench: ## measure, print a table (minutes; not a test)
	@$(PYTHON) -m deploy.setup --tests
	@PYTHONPATH=. $(APP) -m deploy.bench

nlu-eval: ## intents, danger, identifiers, times on blind files; DATA=file.jsonl for your own (q, intent)
	@$(PYTHON) -m deploy.setup
	@$(BOT) -m bot.measure $(or $(DATA),tests/golden/intents_blind.jsonl)
	@test -n "$(DATA)" || $(BOT) -m bot.measure_rules

train: ## train Rasa if anything it is made from changed
	@$(PYTHON) -m deploy.setup

index: ## check and index the guides
	@PYTHONPATH=. $(APP) -m knowledge check && PYTHONPATH=. $(APP) -m knowledge build

lock: ## resolve pyproject.toml into deploy/locks
	@$(PYTHON) -m deploy.lock

backup: ## back up the databases while they run, without the data keys; TO=folder
	@PYTHONPATH=. $(APP) -m actions.admin backup $(if $(TO),--to "$(TO)")

restore: ## restore a backup, FROM=file; stop everything first; FORCE=1 replaces what is there
	@test -n "$(FROM)" || { echo "make restore FROM=backups/nczf-backup-….tar.gz"; exit 2; }
	@PYTHONPATH=. $(APP) -m actions.admin restore --from "$(FROM)" $(if $(FORCE),--force)

clean: ## remove everything built (not the data folder)
	rm -rf .build gateway/web/node_modules
