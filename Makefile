# pg_epiphany: the one door. `make help` lists what it opens.
#
# PG_CONFIG     the server to build against and to stage or install into (PostgreSQL 17)
# DESTDIR       prefix of `make install`, for packages
# VARIANTS      processor levels the managed library is published for; v3 alone is quick while developing
# NATIVE_BUILD, STAGE   where a build against another server goes, beside the usual one

PG_CONFIG ?= $(firstword $(wildcard /usr/lib/postgresql/17/bin/pg_config) pg_config)
VARIANTS ?= v2 v3 v4
NATIVE_BUILD ?= build/native
STAGE ?= build/pg
export VARIANTS NATIVE_BUILD STAGE
# The fallback is not handed on: `make deps` may install something better.
ifneq ($(PG_CONFIG),pg_config)
export PG_CONFIG
endif

SHELL := /bin/bash
.SHELLFLAGS := -euc
.DELETE_ON_ERROR:
.SUFFIXES:
MAKEFLAGS += --no-builtin-rules

# Doors that work before there is a server to ask.
WITHOUT_SERVER := help deps clean abi format check check-unit check-fresh demo bench-operators bench-tpch bench-clickbench bench-vector bench-timeseries bench-tiering
ifneq ($(filter-out $(WITHOUT_SERVER),$(or $(MAKECMDGOALS),all)),)
PG_VERSION := $(shell $(PG_CONFIG) --version 2>/dev/null)
ifeq ($(PG_VERSION),)
$(error No PostgreSQL 17 found: run `make deps`, or name its pg_config: make PG_CONFIG=/path/to/pg_config)
endif
ifneq ($(filter-out PostgreSQL 17.% 17devel,$(wordlist 1,2,$(PG_VERSION))),)
$(error $(PG_CONFIG) belongs to $(PG_VERSION); pg_epiphany needs PostgreSQL 17: make PG_CONFIG=/path/to/pg_config)
endif
endif
pg = $(shell $(PG_CONFIG) --$(1))

# ---- The shim: every C file under native/, one shared library ----

CC := gcc
CFLAGS ?= -O2 -g
WARNINGS := -Wall -Wextra -Werror -Wmissing-prototypes -Wpointer-arith -Wvla -Wimplicit-fallthrough=3 \
	-Wmissing-format-attribute -Wformat-security -Wcast-function-type -Wshadow=compatible-local \
	-Wno-unused-parameter -Wno-missing-field-initializers -Wno-sign-compare -Wno-clobbered \
	-Wno-error=maybe-uninitialized
# The dialect PostgreSQL itself is compiled in: its headers and our overflow checks count on it.
DIALECT := -std=gnu11 -fno-strict-aliasing -fwrapv -fexcess-precision=standard -fPIC -fvisibility=hidden
HARDENING := -fstack-protector-strong -fstack-clash-protection -fcf-protection
INCLUDES = -Inative -Inative/abi -I$(NATIVE_BUILD)/include -isystem $(call pg,includedir-server)

SHIM := $(NATIVE_BUILD)/pg_epiphany.so
C_SOURCES := $(sort $(shell find native -name test -prune -o -name '*.c' -print))
OBJECTS := $(C_SOURCES:native/%.c=$(NATIVE_BUILD)/%.o)
ABI_HASH := $(NATIVE_BUILD)/include/pge_abi_hash.h

$(ABI_HASH): native/abi/pge_abi.def .ci/abi
	@.ci/abi --hash-header $@

$(NATIVE_BUILD)/%.o: native/%.c Makefile | $(ABI_HASH)
	@mkdir -p $(@D)
	@echo '  cc $<'
	@$(CC) $(DIALECT) $(CFLAGS) $(HARDENING) $(WARNINGS) -D_GNU_SOURCE $(INCLUDES) -MMD -MP -c $< -o $@

$(SHIM): $(OBJECTS)
	@mkdir -p $(@D)
	@echo '  ld $@'
	@$(CC) -shared -o $@ $^ -Wl,-z,relro,-z,now -Wl,--as-needed -ldl -lm

-include $(OBJECTS:.o=.d)

# ---- The managed library, once a processor level ----

MANAGED := $(if $(wildcard managed/Epiphany.Native/*.csproj),$(VARIANTS:%=build/managed/lib/pg_epiphany_managed-%.so))
MANAGED_SOURCES := $(shell find managed -type d \( -name bin -o -name obj -o -name bench -o -name tests -o -name tools \) -prune \
	-o -type f \( -name '*.cs' -o -name '*.csproj' -o -name '*.props' -o -name '*.targets' -o -name '*.rd.xml' \) -print 2>/dev/null)

build/managed/lib/pg_epiphany_managed-%.so: $(MANAGED_SOURCES) native/abi/pge_abi.def .ci/managed
	@echo '  aot $@'
	@.ci/managed $* $@

# ---- The modules' install scripts, put together from their parts ----

MODULES := $(sort $(patsubst control/%.control,%,$(wildcard control/*.control)))
version = $(shell sed -n "s/^default_version *= *'\(.*\)'.*/\1/p" control/$(1).control)
SQL := $(foreach m,$(MODULES),build/sql/$(m)--$(call version,$(m)).sql)

define module_rule
build/sql/$(1)--$(call version,$(1)).sql: $(sort $(wildcard sql/$(1)/*.sql)) control/$(1).control .ci/sql
	@echo '  sql $$@'
	@.ci/sql $(1) $$@
endef
$(foreach m,$(MODULES),$(eval $(call module_rule,$(m))))

# ---- Doors ----

.DEFAULT_GOAL := all
.PHONY: all help install uninstall install-compat stage stage-compat clean abi format lint deps demo bench bench-operators bench-tpch bench-clickbench bench-vector bench-timeseries bench-tiering \
	check check-unit check-aot check-regress check-isolation check-tap check-compat check-differ check-core check-integration check-fresh

all: $(SHIM) $(MANAGED) $(SQL) ## build everything into build/

help: ## list these doors
	@sed -nE 's/^([a-z-]+):.*## (.*)/  make \1\t\2/p' Makefile | expand -t 26

deps: ## find or install PostgreSQL 17, the .NET SDK and the build tools
	@.ci/deps

install: all ## install into the server PG_CONFIG belongs to (honours DESTDIR)
	install -d '$(DESTDIR)$(call pg,pkglibdir)' '$(DESTDIR)$(call pg,sharedir)/extension'
	install -m 755 $(SHIM) $(MANAGED) '$(DESTDIR)$(call pg,pkglibdir)'
	$(if $(MODULES),install -m 644 $(addprefix control/,$(MODULES:=.control)) $(SQL) '$(DESTDIR)$(call pg,sharedir)/extension')

# The compatibility extension (compat/README.md); pgvector's own has the same name.
COMPAT := build/sql/vector--0.8.6.sql
COMPAT_CONTROL = $(DESTDIR)$(call pg,sharedir)/extension/vector.control

$(COMPAT): compat/script $(wildcard compat/sql/*.sql) $(wildcard sql/epiphany_vectorstore/*.sql)
	@echo '  sql $@'
	@compat/script $@

install-compat: install $(COMPAT) ## install, and the extension `vector`: pgvector's names for our types and indexes
	@[ ! -e '$(COMPAT_CONTROL)' ] || grep -q pg_epiphany '$(COMPAT_CONTROL)' || \
		{ echo "pgvector is installed here, whose extension is called vector, too: $(COMPAT_CONTROL)" >&2; exit 1; }
	install -m 644 compat/vector.control $(COMPAT) '$(DESTDIR)$(call pg,sharedir)/extension'

uninstall: ## remove what install put there
	! grep -qs pg_epiphany '$(COMPAT_CONTROL)' || rm -f '$(COMPAT_CONTROL)' '$(dir $(COMPAT_CONTROL))$(notdir $(COMPAT))'
	rm -f '$(DESTDIR)$(call pg,pkglibdir)'/pg_epiphany{,_managed-v2,_managed-v3,_managed-v4}.so
	rm -f $(foreach m,$(MODULES),'$(DESTDIR)$(call pg,sharedir)/extension/$(m)'{.control,--*.sql})

stage: all ## copy the server to build/pg and install there: what tests and demo run on
	@.ci/stage
	@$(MAKE) --no-print-directory --silent install DESTDIR='$(abspath $(STAGE))'

stage-compat: export STAGE := build/pg-compat
stage-compat: all ## the same in build/pg-compat, with the extension `vector`: what compat/check runs on
	@.ci/stage
	@find '$(STAGE)' -name vector.control -type l -delete
	@$(MAKE) --no-print-directory --silent install-compat DESTDIR='$(abspath $(STAGE))'

abi: ## regenerate the C# side of the boundary from native/abi/pge_abi.def
	@.ci/abi

format: ## put right what can be put right
	@.ci/format

lint: all ## style, generated files, exported symbols
	@.ci/lint

check: ## everything below, on this machine; ends with `N passed, N failed`
	@.ci/check

check-unit: ## xunit on the managed projects, without a server
	@.ci/check-unit

check-aot: all ## a C program drives the published library through a fake host
	@.ci/check-aot

check-regress: stage ## regress/sql against regress/expected
	@.ci/check-regress

check-isolation: stage ## regress/isolation: concurrent sessions, step by step
	@.ci/check-isolation

check-tap: stage ## regress/t: crash, recovery, standby, dump and restore
	@.ci/check-tap $(TESTS)

check-compat: stage-compat ## the extension `vector`, on a server of its own
	@.ci/check-compat

check-differ: stage ## column tables against heap, by random and fixed queries [SEED=N QUERIES=N]
	@.ci/check-differ

check-integration: stage ## an application's view, through Npgsql
	@.ci/check-integration

check-core: stage ## PostgreSQL's own suites with our access methods as the default
	@regress/core/run

check-fresh: ## the README, followed in empty Debian 12 and 13 root folders
	@.ci/check-fresh

demo: ## see it work, on a private server: make demo [CSV=path]
	@.ci/deps && $(MAKE) --no-print-directory stage && regress/demo/run

bench: stage ## side by side with heap
	@bench/run

bench-operators: ## micro-benchmarks of decoding, kernels and operators: make bench-operators [NAMES="sort like"]
	@bench/operators $(NAMES)

bench-tpch: ## TPC-H beside heap and DuckDB: make bench-tpch [SF=10 QUERIES="1 6" ROUNDS=3 SET="name=value" TIMEOUT=120 KEEP=1]
	@.ci/deps && $(MAKE) --no-print-directory stage && bench/queries tpch $(SF)

bench-clickbench: ## a wide table and 43 queries, the same way: make bench-clickbench [ROWS=1000000]
	@.ci/deps && $(MAKE) --no-print-directory stage && bench/queries clickbench $(ROWS)

bench-vector: export STAGE := build/pg-vector
bench-vector: ## nearest neighbours beside pgvector: make bench-vector [SIZES="1000000x128" QUICK=1 METRIC=cosine KEEP=1 ...]
	@.ci/deps && $(MAKE) --no-print-directory stage STAGE=$(STAGE) && bench/vector/run $(SIZES)

bench-timeseries: export STAGE := build/pg-timeseries
bench-timeseries: ## machines' measurements beside heap and TimescaleDB: make bench-timeseries [ROWS=10368000 HOSTS=1000 QUICK=1 BY=cpu ...]
	@.ci/deps && $(MAKE) --no-print-directory stage STAGE=$(STAGE) && bench/timeseries/run

bench-tiering: ## cold row groups beside warm ones: make bench-tiering [ROWS=2000000 ROUNDS=5 BY=cpu STORES='file s3']
	@.ci/deps && $(MAKE) --no-print-directory stage && bench/tiering/run

clean: ## remove build/, private servers included
	@for home in build/cluster/*/; do [ ! -d "$$home" ] || .ci/cluster stop "$$(basename "$$home")"; done
	rm -rf build
