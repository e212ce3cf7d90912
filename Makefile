# make setup    everything that is needed, into .venv (as root on Debian or Ubuntu: system packages, too)
# make demo     set up, then print the connections that this machine opens (root)
# make test     set up, then all tests (as root those with the kernel, too); ARGS="-k ring" for some of them
# make vm-test      the tests with the kernel under another one: KERNEL=6.12, ARGS="-k ring" for some of them
# make vm-test-all  under 5.10, 6.1, 6.12 and 7.2; writes the support matrix of docs/kernels.md
# make lint     ruff, mypy, go vet
# make docs     the pages and the API reference as HTML in build/docs, and the types of the examples checked
# make fuzz     generated programs, gc against the kernel, as long as one likes; ARGS="--time 600 --seed 9"
# make bench    how fast, against clang and C
# make lima-create, make lima-test   on a Mac: a Linux machine with the checkout, and the tests in it (untried)
# make wheel    dist/*.whl         make sdist   dist/*.tar.gz
# make clean    removes what was built; third_party/ (the C libraries' sources) stays

PYTHON ?= python3
DIST ?= dist
PY := .venv/bin/python
GO := CGO_ENABLED=0 GOTOOLCHAIN=local GOFLAGS=-mod=readonly $(CURDIR)/.venv/bin/go

.DEFAULT_GOAL := setup
always:
.PHONY: always setup demo test vm-test vm-test-all lima-create lima-test lint docs fuzz bench wheel sdist clean
.PHONY: system-packages system-packages-bench system-packages-vm
.DELETE_ON_ERROR:

# ---- setting up; what is done already takes no time ----

setup: .venv/installed

system-packages:
	@PYTHON=$(PYTHON) tools/system_packages.sh build test

system-packages-bench:
	@PYTHON=$(PYTHON) tools/system_packages.sh bench

.venv/bin/python: | system-packages
	$(PYTHON) -m venv .venv

.venv/requirements.txt: pyproject.toml tools/requirements.py .venv/bin/python
	$(PY) tools/requirements.py > $@
	$(PY) -m pip install --quiet --disable-pip-version-check --requirement $@

third_party/sources.json: tools/fetch_sources.py | system-packages
	$(PYTHON) tools/fetch_sources.py
	@touch $@

ifneq ($(TINYBPF_LIBBPF_SOURCE)$(TINYBPF_ELFUTILS_SOURCE)$(TINYBPF_ZLIB_SOURCE),)
third_party/sources.json: always
endif

native := CMakeLists.txt $(wildcard cmake/* cmake/*/* csrc/* csrc/*/*) tools/go_licences.py \
	$(shell find go -name vendor -prune -o -type f ! -name '*_test.go' ! -path '*/testdata/*' -print)

.venv/installed: .venv/requirements.txt third_party/sources.json $(native)
	$(PY) -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation --editable .
	@touch $@

# ---- using it ----

demo: setup
	$(PY) examples/tracepoint-connect/demo.py

test: setup
	.venv/bin/pytest $(ARGS)

system-packages-vm:
	@PYTHON=$(PYTHON) tools/system_packages.sh vm

KERNEL ?= 6.12

vm-test: setup system-packages-vm
	$(PY) vm-tests/run.py --kernel $(KERNEL) $(ARGS)

vm-test-all: setup system-packages-vm
	$(PY) vm-tests/every.py $(ARGS)

lint: setup
	.venv/bin/ruff check .
	.venv/bin/ruff format --check .
	.venv/bin/mypy
	cd go && $(GO) vet ./...
	cd examples && $(GO) vet ./...

.venv/docs.txt: pyproject.toml tools/requirements.py .venv/bin/python
	$(PY) tools/requirements.py docs > $@
	$(PY) -m pip install --quiet --disable-pip-version-check --requirement $@

docs: setup .venv/docs.txt
	$(PY) tools/check_types.py
	$(PY) -m sphinx -q -W --keep-going -n -c docs -b html . build/docs

fuzz: setup
	$(PY) -m fuzz $(ARGS)

bench: setup system-packages-bench
	$(PY) -m benchmarks $(ARGS)

# ---- on a Mac ----

LIMA ?= tinybpf

lima-create:
	limactl start --tty=false --name=$(LIMA) --mount="$(CURDIR)" vm-tests/lima.yaml

lima-test:
	limactl shell --workdir=/ $(LIMA) sudo "$(CURDIR)/vm-tests/lima-test.sh" '$(ARGS)'

# ---- packages ----

ready_to_build := .venv/requirements.txt third_party/sources.json

# auditwheel gives the wheel the tag of the least glibc that it runs on, and refuses one that is not self-contained.
wheel: $(ready_to_build)
	rm -rf build/wheelhouse
	$(PY) -m pip wheel --quiet --disable-pip-version-check --no-deps --no-build-isolation \
		--wheel-dir build/wheelhouse .
	PATH="$(CURDIR)/.venv/bin:$$PATH" .venv/bin/auditwheel repair --wheel-dir $(DIST) build/wheelhouse/*.whl
	@ls -l $(DIST)/*.whl

# The source package carries what the front end imports and the C libraries' sources, so that building it
# needs nothing but pip's packages and a C compiler.
sdist: $(ready_to_build)
	rm -rf go/vendor
	cd go && $(GO) mod vendor
	$(PY) -m build --no-isolation --sdist --outdir $(DIST) . ; status=$$?; rm -rf go/vendor; exit $$status
	@ls -l $(DIST)/*.tar.gz

clean:
	rm -rf .venv build dist go/vendor src/tinybpf/compiler/_bin src/tinybpf/libbpf/*.so
	rm -rf .mypy_cache .ruff_cache .pytest_cache .hypothesis
	find src tests tools -name __pycache__ -prune -exec rm -rf {} +
