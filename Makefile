# sandtop: what a person runs is `make run` and `make test`; `make help` lists the rest.

VERSION := 0.1.0

CC ?= gcc
BUILD ?= build
PREFIX ?= /usr/local
WERROR ?= $(if $(CI),-Werror)

WARNINGS := -Wall -Wextra -Wshadow -Wstrict-prototypes -Wmissing-prototypes \
	-Wwrite-strings -Wpointer-arith -Wcast-qual -Wformat=2 -Wundef -Wvla \
	-Wswitch-enum -Wimplicit-fallthrough -Wno-missing-field-initializers
OPTIMISE := -O2 -g
HARDEN := -D_FORTIFY_SOURCE=2 -fstack-protector-strong
ifdef SAN
BUILD := build/san
OPTIMISE := -O1 -g -fno-omit-frame-pointer
HARDEN := -fsanitize=address,undefined -fno-sanitize-recover=undefined
export ASAN_OPTIONS ?= detect_leaks=1:abort_on_error=0
export UBSAN_OPTIONS ?= print_stacktrace=1
endif

CFLAGS_ALL = -std=c11 -D_GNU_SOURCE -DNCURSES_WIDECHAR=1 -DVERSION='"$(VERSION)"' \
	-DLIBEXECDIR='"$(PREFIX)/libexec/sandtop"' \
	-I. $(OPTIMISE) $(HARDEN) $(WARNINGS) $(WERROR) -MMD -MP $(CFLAGS)

# ---- rooms: each folder is one archive; its tests link the whole of it with only
# what it may use, so that the linker guards the walls.
ROOMS := base config wire net term fleet host tui cli

base_LIBS := libuv
config_LIBS := inih jansson
wire_LIBS := jansson
net_LIBS := libcurl
term_LIBS := vterm
fleet_LIBS := sqlite3
host_LIBS := libmicrohttpd sqlite3 libcurl zlib
tui_LIBS := ncursesw tinfo
cli_LIBS := jansson

base_USES :=
config_USES := base
wire_USES := base
net_USES := wire base
term_USES := base
fleet_USES := net wire base
host_USES := wire base
tui_USES := fleet net wire term base
cli_USES := fleet net wire term base

# all cores, unless the person said -j
JOBS = $(if $(findstring j,$(firstword -$(MAKEFLAGS))),,-j$(shell nproc))
SUBMAKE = $(MAKE) --no-print-directory $(JOBS)

include scripts/rooms.mk

.PHONY: all run test test-unit test-program test-interop test-san bench screenshots lint format \
	fuzz install clean help deps docs
.DEFAULT_GOAL := all

all: deps $(BUILD)/sandtop $(BUILD)/sandtop-init ## build the program

run: ## start the local host, fill it with the sample fleet, open the dashboard
	@sh scripts/deps.sh run
	@$(SUBMAKE) $(BUILD)/sandtop $(BUILD)/sandtop-init
	@sh scripts/run.sh $(BUILD)/sandtop

test: ## install what the tests need, build, run every test, then E2B's own clients
	@sh scripts/deps.sh test
	@$(SUBMAKE) test-binaries
	@sh tests/run.sh $(BUILD) $(if $(SAN),all,judged)

test-unit: test-unit-binaries ## unit and picture tests only
	@sh tests/run.sh $(BUILD) unit

test-program: test-program-binaries ## tests that drive the real program
	@sh tests/run.sh $(BUILD) program

test-interop: ## E2B's own clients, pinned, from npm and PyPI, against the local host
	@sh scripts/deps.sh interop
	@$(SUBMAKE) $(BUILD)/sandtop $(BUILD)/sandtop-init
	@sh tests/interop/run.sh $(BUILD)

test-san: ## the whole suite under address and undefined-behaviour sanitizers
	@$(MAKE) --no-print-directory SAN=1 test

bench: ## speed, as ratios to a peer in the same run (BENCH=tiny: one of them)
	@sh scripts/deps.sh bench
	@$(SUBMAKE) bench-binaries
	@sh tests/bench/run.sh $(BUILD)

screenshots: ## PNGs of the real program into screenshots/ (two minutes)
	@sh scripts/deps.sh screenshots
	@$(SUBMAKE) $(BUILD)/sandtop $(BUILD)/sandtop-init $(BUILD)/tests/screenshots/shoot
	@sh scripts/screenshots.sh $(BUILD)

docs: $(BUILD)/sandtop ## write docs/code-map.md and docs/cli.md from what the code says
	@sh scripts/code-map.sh
	@sh scripts/cli-doc.sh $(BUILD)/sandtop

deps:
	@sh scripts/deps.sh build

lint: ## banned functions, walls, headers that compile alone, formatting
	@CC="$(CC)" sh scripts/lint.sh

format: ## clang-format over the tree
	@git ls-files '*.c' '*.h' | xargs clang-format -i

install: all ## into $(PREFIX)
	install -D -m 755 $(BUILD)/sandtop $(DESTDIR)$(PREFIX)/bin/sandtop
	install -D -m 755 $(BUILD)/sandtop-init $(DESTDIR)$(PREFIX)/libexec/sandtop/sandtop-init

clean:
	rm -rf build

help:
	@grep -hE '^[a-z-]+:.*## ' Makefile | sed 's/:.*## /\t/' | expand -t 14
