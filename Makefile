# airlift: build, test, install.
#
#   make                     build/airlift
#   make check               all tests (unit, command, fuzz corpora)
#   make demo                the main job on a real registry, end to end
#   make lint                layers, headers alone, format, manual pages, clang-tidy, cppcheck, shellcheck
#   make fuzz SECONDS=60     every fuzz target, two at a time
#   make bench               speed and memory as ratios to curl and skopeo
#   make install PREFIX=/usr DESTDIR=...
#
# VARIANT=asan|tsan|cov builds and tests under build/VARIANT; WERROR=1 makes warnings errors.

# Bottom first: a module may use only itself and the modules before it.
# scripts/check-layers checks the includes, the order of the archives at link time the calls.
MODULES := base digest http document oci registry store source layer catalog release plan mirror cluster operation

VERSION := 0.1.0
PREFIX  ?= /usr/local
VARIANT ?= release
B       := build/$(VARIANT)

PACKAGES := libcurl libssl libcrypto jansson libarchive zlib yaml-0.1 sqlite3 libpsl gpgme
CSTD     := -std=gnu11
WARN     := -Wall -Wextra -Wshadow -Wstrict-prototypes -Wmissing-prototypes -Wwrite-strings \
            -Wpointer-arith -Wvla -Wformat=2 -Wundef -Wno-missing-field-initializers $(if $(WERROR),-Werror)
OPT_release := -O2 -g -D_FORTIFY_SOURCE=2 -fstack-protector-strong -fPIE
LINK_release := -pie -Wl,-z,relro,-z,now
OPT_asan := -O1 -g -fsanitize=address,undefined -fno-sanitize-recover=all -fno-omit-frame-pointer
LINK_asan := -fsanitize=address,undefined
OPT_tsan := -O1 -g -fsanitize=thread
LINK_tsan := -fsanitize=thread
OPT_cov  := -O0 -g --coverage
LINK_cov := --coverage

DEFINES  := -D_GNU_SOURCE -D_FILE_OFFSET_BITS=64 -DAIRLIFT_VERSION='"$(VERSION)"'
INCLUDES := -Ipkg -I.
PKG_CFLAGS := $(shell pkg-config --cflags $(PACKAGES) 2>/dev/null)
PKG_LIBS   := $(shell pkg-config --libs $(PACKAGES) 2>/dev/null)
# Nothing else can be done without them, but clean.
ifneq ($(filter-out clean,$(or $(MAKECMDGOALS),all)),)
$(if $(PKG_LIBS),,$(error pkg-config does not find all of: $(PACKAGES); run scripts/install-deps))
endif
COMPILE  = $(CC) $(CSTD) $(WARN) $(OPT_$(VARIANT)) $(DEFINES) $(INCLUDES) $(PKG_CFLAGS) $(CPPFLAGS) $(CFLAGS)
LINK     = $(CC) $(OPT_$(VARIANT)) $(LINK_$(VARIANT)) $(LDFLAGS)
LIBS     = $(PKG_LIBS) -lpthread

# The program of a variant; the release build is what people look for: build/airlift.
PROGRAM  := $(if $(filter release,$(VARIANT)),build/airlift,$(B)/airlift)

# V=1 shows whole command lines.
Q   = $(if $(V),,@)
say = $(if $(V),,@echo '  $(1) $(2)')

sources  = $(sort $(wildcard $(1)/*.c))
objects  = $(patsubst %.c,$(B)/%.o,$(call sources,$(1)))
upto     = $(if $(filter $(1),$(firstword $(2))),$(1),$(firstword $(2)) $(call upto,$(1),$(wordlist 2,99,$(2))))
reverse  = $(if $(1),$(call reverse,$(wordlist 2,99,$(1))) $(firstword $(1)))
archives = $(patsubst %,$(B)/lib%.a,$(call reverse,$(call upto,$(1),$(MODULES))))
top      = $(lastword $(MODULES))

UNIT_TESTS   := $(patsubst tests/unit/%.c,%,$(call sources,tests/unit))
FUZZ_TARGETS := $(patsubst tests/fuzz/fuzz_%.c,%,$(sort $(wildcard tests/fuzz/fuzz_*.c)))

.PHONY: all test-programs check check-unit check-command check-fuzz demo lint fuzz bench install clean FORCE
all: $(PROGRAM)

# --- the program

define module_rule
$(B)/lib$(1).a: $(call objects,pkg/$(1))
	@rm -f $$@
	$$(Q)$$(AR) rcs $$@ $$^
endef
$(foreach m,$(MODULES),$(eval $(call module_rule,$(m))))

$(PROGRAM): $(call objects,cmd/airlift) $(call archives,$(top))
	$(call say,LINK,$@)
	$(Q)$(LINK) -o $@ $^ $(LIBS)

$(B)/%.o: %.c $(B)/flags
	@mkdir -p $(@D)
	$(call say,CC,$<)
	$(Q)$(COMPILE) -MMD -MP -c -o $@ $<

# Touched when the compiler or its flags change, so that everything is built anew.
$(B)/flags: FORCE
	@mkdir -p $(@D); echo '$(COMPILE)' | cmp -s - $@ || echo '$(COMPILE)' > $@

# --- tests: tests/unit/<module>_<subject>.c links only <module> and what lies below it

FAKE_REGISTRY := $(B)/libfake_registry.a
$(FAKE_REGISTRY): $(filter-out %/main.o,$(call objects,tests/fake_registry))
	@rm -f $@
	$(Q)$(AR) rcs $@ $^

$(B)/fake_registry: $(B)/tests/fake_registry/main.o $(FAKE_REGISTRY) $(call archives,digest)
	$(call say,LINK,$@)
	$(Q)$(LINK) -o $@ $^ $(LIBS) -lssl

define unit_rule
$(B)/unit/$(1): $(B)/tests/unit/$(1).o $(B)/tests/tap.o $(FAKE_REGISTRY) $(call archives,$(firstword $(subst _, ,$(1))))
	@mkdir -p $$(@D)
	$$(call say,LINK,$$@)
	$$(Q)$$(LINK) -o $$@ $$^ $$(LIBS) -lssl
endef
$(foreach t,$(UNIT_TESTS),$(eval $(call unit_rule,$(t))))

define fuzz_rule
$(B)/replay/$(1): $(B)/tests/fuzz/fuzz_$(1).o $(B)/tests/fuzz/replay.o $(call archives,$(top))
	@mkdir -p $$(@D)
	$$(call say,LINK,$$@)
	$$(Q)$$(LINK) -o $$@ $$^ $$(LIBS)
endef
$(foreach t,$(FUZZ_TARGETS),$(eval $(call fuzz_rule,$(t))))

UNIT_PROGRAMS := $(addprefix $(B)/unit/,$(UNIT_TESTS))
REPLAY_PROGRAMS := $(addprefix $(B)/replay/,$(FUZZ_TARGETS))

# Everything that tests need, built but not run.
test-programs: $(UNIT_PROGRAMS) $(REPLAY_PROGRAMS) $(B)/fake_registry

check: $(PROGRAM) $(UNIT_PROGRAMS) $(REPLAY_PROGRAMS) $(B)/fake_registry
	@AIRLIFT=$(abspath $(PROGRAM)) FAKE_REGISTRY=$(abspath $(B)/fake_registry) VARIANT=$(VARIANT) \
		scripts/run-tests $(UNIT_PROGRAMS) $(REPLAY_PROGRAMS) $(sort $(wildcard tests/command/*.test))

check-unit: $(UNIT_PROGRAMS)
	@VARIANT=$(VARIANT) scripts/run-tests $^

check-command: $(PROGRAM) $(B)/fake_registry
	@AIRLIFT=$(abspath $(PROGRAM)) FAKE_REGISTRY=$(abspath $(B)/fake_registry) VARIANT=$(VARIANT) \
		scripts/run-tests $(sort $(wildcard tests/command/*.test))

check-fuzz: $(REPLAY_PROGRAMS)
	@VARIANT=$(VARIANT) scripts/run-tests $^

demo: $(PROGRAM)
	@AIRLIFT=$(abspath $(PROGRAM)) scripts/run-demo

bench: $(PROGRAM) $(B)/fake_registry
	@AIRLIFT=$(abspath $(PROGRAM)) FAKE_REGISTRY=$(abspath $(B)/fake_registry) tests/bench/run

fuzz:
	@MODULES='$(MODULES)' scripts/run-fuzz $(or $(SECONDS),60) $(FUZZ_TARGETS)

lint:
	@MODULES='$(MODULES)' scripts/lint

# --- installing

MAN_PAGES := $(sort $(wildcard docs/man/*.1))

install: $(PROGRAM)
	install -D -m 0755 $(PROGRAM) "$(DESTDIR)$(PREFIX)/bin/airlift"
	$(foreach p,$(MAN_PAGES),install -D -m 0644 $(p) "$(DESTDIR)$(PREFIX)/share/man/man1/$(notdir $(p))" &&) true
	install -D -m 0644 LICENSE "$(DESTDIR)$(PREFIX)/share/doc/airlift/LICENSE"

clean:
	rm -rf build

-include $(shell find $(B) -name '*.d' 2>/dev/null)
