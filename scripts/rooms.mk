# How folders become archives, programs and tests. Included by the Makefile. V=1 shows the
# commands.
Q := $(if $(V),,@)

# loaded at first use (base/library.h), so never linked
LAZY_LIBS := libcurl libmicrohttpd
pkg_libs = $(if $(filter-out $(LAZY_LIBS),$(1)),$(shell pkg-config --libs $(filter-out $(LAZY_LIBS),$(1)) 2>/dev/null))
pkg_cflags = $(if $(1),$(shell pkg-config --cflags-only-I $(1) 2>/dev/null))
ALL_LIBS := $(sort $(foreach r,$(ROOMS),$($(r)_LIBS)))
PKG_CFLAGS := $(call pkg_cflags,$(ALL_LIBS))

archive = $(BUILD)/$(1).a
sources = $(filter-out host/init/%,$(wildcard $(1)/*.c) $(wildcard $(1)/*/*.c))
objects = $(patsubst %.c,$(BUILD)/%.o,$(1))

$(BUILD)/%.o: %.c
	@mkdir -p $(@D)
	@echo "  cc   $<"
	$(Q)$(CC) $(CFLAGS_ALL) $(PKG_CFLAGS) -c -o $@ $<

# programs for sandboxes, carried inside ours
KERNELS := python:charts.py+notebook.py+python.py node:node.js bash:bash.sh
define kernel_rules
$(BUILD)/host/kernels/$(1).c: $(addprefix host/kernels/,$(subst +, ,$(2))) scripts/embed.sh
	@mkdir -p $$(@D)
	$$(Q)sh scripts/embed.sh $(1) $(addprefix host/kernels/,$(subst +, ,$(2))) >$$@
$(BUILD)/host/kernels/$(1).o: $(BUILD)/host/kernels/$(1).c
	@echo "  cc   $$<"
	$$(Q)$(CC) $$(CFLAGS_ALL) -c -o $$@ $$<
$(call archive,host): $(BUILD)/host/kernels/$(1).o
endef
$(foreach k,$(KERNELS),$(eval $(call kernel_rules,$(word 1,$(subst :, ,$(k))),$(word 2,$(subst :, ,$(k))))))

define room_rules
$(1)_SOURCES := $$(call sources,$(1))
$$(call archive,$(1)): $$(call objects,$$($(1)_SOURCES))
	@rm -f $$@
	@echo "  ar   $$@"
	$$(Q)ar rcs $$@ $$^
endef
$(foreach r,$(ROOMS),$(eval $(call room_rules,$(r))))

# ---- the program
MAIN_ARCHIVES := $(foreach r,cli tui host fleet net config term wire base,$(call archive,$(r)))
MAIN_LIBS = $(call pkg_libs,$(ALL_LIBS)) -lm -lpthread -ldl

$(BUILD)/sandtop: $(BUILD)/main.o $(MAIN_ARCHIVES)
	@echo "  ld   $@"
	$(Q)$(CC) $(CFLAGS_ALL) -o $@ $< $(MAIN_ARCHIVES) $(LDFLAGS) -Wl,--as-needed $(MAIN_LIBS)

# ---- the supervisor inside each sandbox: libc only, static, small
INIT_SOURCES := $(wildcard host/init/*.c)
INIT_CFLAGS := -std=c11 -D_GNU_SOURCE -I. -Os -g $(WARNINGS) $(WERROR) -MMD -MP \
	-fstack-protector-strong
$(BUILD)/init/%.o: %.c
	@mkdir -p $(@D)
	@echo "  cc   $<"
	$(Q)$(CC) $(INIT_CFLAGS) -c -o $@ $<
$(BUILD)/sandtop-init: $(patsubst %.c,$(BUILD)/init/%.o,$(INIT_SOURCES))
	@echo "  ld   $@"
	$(Q)$(CC) -static -o $@ $^

# ---- tests. tests/unit/<room>/test_*.c: one cmocka program each, linked with the whole
# of the room and only what it may use; tests/program/test_*.c: drive the real binary,
# with our own term/ to read its screen.
SUPPORT_SOURCES := $(wildcard tests/support/*.c)
SUPPORT := $(BUILD)/tests-support.a
$(SUPPORT): $(call objects,$(SUPPORT_SOURCES))
	@rm -f $@
	@echo "  ar   $@"
	$(Q)ar rcs $@ $^

UNIT_TESTS :=
define unit_rules
$(1)_TESTS := $$(patsubst tests/unit/$(1)/%.c,$(BUILD)/tests/unit/$(1)/%,$$(wildcard tests/unit/$(1)/test_*.c))
UNIT_TESTS += $$($(1)_TESTS)
$(1)_TEST_HELPERS := $$(call objects,$$(filter-out tests/unit/$(1)/test_%.c,$$(wildcard tests/unit/$(1)/*.c)))
$$($(1)_TESTS): $(BUILD)/tests/unit/$(1)/%: $(BUILD)/tests/unit/$(1)/%.o $$($(1)_TEST_HELPERS) \
		$$(call archive,$(1)) $$(foreach u,$$($(1)_USES),$$(call archive,$$(u)))
	@echo "  ld   $$@"
	$$(Q)$(CC) $$(CFLAGS_ALL) -o $$@ $$< $$($(1)_TEST_HELPERS) -Wl,--whole-archive $$(call archive,$(1)) \
		-Wl,--no-whole-archive $$(foreach u,$$($(1)_USES),$$(call archive,$$(u))) \
		$$(call pkg_libs,$$($(1)_LIBS) $$(foreach u,$$($(1)_USES),$$($$(u)_LIBS)) cmocka) -lm -lpthread -ldl
endef
$(foreach r,$(ROOMS),$(eval $(call unit_rules,$(r))))
$(host_TESTS): | $(BUILD)/sandtop-init # they run real sandboxes

PROGRAM_TESTS := $(patsubst tests/program/%.c,$(BUILD)/tests/program/%,$(wildcard tests/program/test_*.c))
$(PROGRAM_TESTS): $(BUILD)/tests/program/%: $(BUILD)/tests/program/%.o $(SUPPORT) \
		$(call archive,term) $(call archive,wire) $(call archive,base)
	@echo "  ld   $@"
	$(Q)$(CC) $(CFLAGS_ALL) -o $@ $< $(SUPPORT) $(call archive,term) $(call archive,wire) $(call archive,base) \
		$(call pkg_libs,vterm libuv jansson cmocka) -lm -lpthread -lutil

# tests/bench/bench_<room>.c: how fast one room is, linked as its unit tests are
BENCHES :=
define bench_rules
$(1)_BENCH := $$(patsubst tests/bench/%.c,$(BUILD)/tests/bench/%,$$(wildcard tests/bench/bench_$(1).c))
BENCHES += $$($(1)_BENCH)
$$($(1)_BENCH): $(BUILD)/tests/bench/bench_$(1).o $$(call archive,$(1)) \
		$$(foreach u,$$($(1)_USES),$$(call archive,$$(u)))
	@echo "  ld   $$@"
	$$(Q)$(CC) $$(CFLAGS_ALL) -o $$@ $$^ \
		$$(call pkg_libs,$$($(1)_LIBS) $$(foreach u,$$($(1)_USES),$$($$(u)_LIBS))) -lm -lpthread -ldl
endef
$(foreach r,$(ROOMS),$(eval $(call bench_rules,$(r))))
# bench_screen: the whole program in a pty, as the program tests have it
$(BUILD)/tests/bench/bench_screen: $(BUILD)/tests/bench/bench_screen.o $(SUPPORT) \
		$(call archive,term) $(call archive,wire) $(call archive,base)
	@echo "  ld   $@"
	$(Q)$(CC) $(CFLAGS_ALL) -o $@ $^ $(call pkg_libs,vterm libuv jansson cmocka) -lm -lpthread -lutil
BENCHES += $(BUILD)/tests/bench/bench_screen
# bench_service, bench_crowd: a local host and clients of ours that cost next to nothing
SERVICE_BENCHES := $(patsubst %,$(BUILD)/tests/bench/%,bench_service bench_crowd)
$(SERVICE_BENCHES): %: %.o $(BUILD)/tests/bench/client.o $(SUPPORT) \
		$(call archive,term) $(call archive,wire) $(call archive,base)
	@echo "  ld   $@"
	$(Q)$(CC) $(CFLAGS_ALL) -o $@ $^ $(call pkg_libs,vterm libuv jansson cmocka) -lm -lpthread -lutil
$(BUILD)/tests/bench/peer_mhd: $(BUILD)/tests/bench/peer_mhd.o
	@echo "  ld   $@"
	$(Q)$(CC) $(CFLAGS_ALL) -o $@ $^ -lmicrohttpd
BENCHES += $(SERVICE_BENCHES) $(BUILD)/tests/bench/peer_mhd

$(BUILD)/tests/screenshots/shoot: $(call objects,$(wildcard tests/screenshots/*.c)) $(SUPPORT) \
		$(call archive,term) $(call archive,wire) $(call archive,base)
	@echo "  ld   $@"
	$(Q)$(CC) $(CFLAGS_ALL) -o $@ $^ $(call pkg_libs,vterm libuv jansson cmocka) -lm -lpthread -lutil

# fuzz targets need clang; docs/fuzzing.md says what they reach. Their rooms are built for
# them once; a target may define what it stands in for, as archives give only what is missing.
FUZZ_ROOMS := host fleet net config term wire base
FUZZ_TARGETS := $(patsubst tests/fuzz/%.c,build/fuzz/%,$(wildcard tests/fuzz/fuzz_*.c))
FUZZ_CFLAGS := -std=c11 -D_GNU_SOURCE -DNCURSES_WIDECHAR=1 -DVERSION='"$(VERSION)"' \
	-DLIBEXECDIR='"$(PREFIX)/libexec/sandtop"' -I. -O1 -g -MMD -MP $(PKG_CFLAGS)
FUZZ_SAN := address,undefined -fno-sanitize-recover=undefined
FUZZ_KERNELS := $(foreach k,$(KERNELS),build/host/kernels/$(word 1,$(subst :, ,$(k))).c)
FUZZ_SOURCES := $(foreach r,$(FUZZ_ROOMS),$(call sources,$(r))) tui/input.c
FUZZ_OBJECTS := $(patsubst %.c,build/fuzz/obj/%.o,$(FUZZ_SOURCES) $(FUZZ_KERNELS))
FUZZ_LIBS = $(call pkg_libs,$(sort $(foreach r,$(FUZZ_ROOMS),$($(r)_LIBS)))) -lm -lpthread -ldl
build/fuzz/obj/%.o: %.c
	@mkdir -p $(@D)
	@echo "  fuzz $<"
	$(Q)clang $(FUZZ_CFLAGS) -fsanitize=fuzzer-no-link,$(FUZZ_SAN) -c -o $@ $<
build/fuzz/house.a: build/fuzz/obj/tests/fuzz/house.o
build/fuzz/rooms.a: $(FUZZ_OBJECTS)
build/fuzz/house.a build/fuzz/rooms.a:
	@rm -f $@
	@echo "  ar   $@"
	$(Q)ar rcs $@ $^
build/fuzz/fuzz_%: build/fuzz/obj/tests/fuzz/fuzz_%.o build/fuzz/house.a build/fuzz/rooms.a
	@echo "  fuzz $@"
	$(Q)clang -fsanitize=fuzzer,$(FUZZ_SAN) -o $@ $^ $(FUZZ_LIBS)
fuzz: $(FUZZ_TARGETS) ## a minute of each fuzz target (FUZZ_SECONDS=60)
	@sh tests/fuzz/run.sh $(FUZZ_TARGETS)

# what the targets have kept runs as ordinary tests, with any compiler
FUZZ_REPLAYS := $(patsubst tests/fuzz/fuzz_%.c,$(BUILD)/tests/unit/fuzz/test_%,$(wildcard tests/fuzz/fuzz_*.c))
FUZZ_ARCHIVES := $(BUILD)/tests/fuzz-house.a $(foreach r,tui $(FUZZ_ROOMS),$(call archive,$(r)))
UNIT_TESTS += $(FUZZ_REPLAYS)
$(BUILD)/tests/fuzz-house.a: $(BUILD)/tests/fuzz/house.o
	@rm -f $@
	$(Q)ar rcs $@ $^
$(FUZZ_REPLAYS): $(BUILD)/tests/unit/fuzz/test_%: $(BUILD)/tests/fuzz/fuzz_%.o \
		$(BUILD)/tests/fuzz/replay.o $(FUZZ_ARCHIVES)
	@mkdir -p $(@D)
	@echo "  ld   $@"
	$(Q)$(CC) $(CFLAGS_ALL) -o $@ $^ $(FUZZ_LIBS) $(call pkg_libs,cmocka)

.PHONY: bench-binaries test-unit-binaries test-program-binaries test-binaries
test-unit-binaries: $(UNIT_TESTS)
test-program-binaries: $(BUILD)/sandtop $(BUILD)/sandtop-init $(PROGRAM_TESTS)
test-binaries: test-unit-binaries test-program-binaries
bench-binaries: $(BUILD)/sandtop $(BUILD)/sandtop-init $(BENCHES)

.SECONDARY:
-include $(shell find $(BUILD) -name '*.d' 2>/dev/null)
