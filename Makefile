# explain-milter - one Makefile for everything. `make help` lists the targets.

PREFIX ?= /usr
SYSCONFDIR ?= /etc/explain-milter
DATADIR ?= $(PREFIX)/share/explain-milter
CACHEDIR ?= /var/cache/explain-milter
MANDIR ?= $(PREFIX)/share/man
UNITDIR ?= /lib/systemd/system
DESTDIR ?=

CC ?= gcc
BUILD ?= build
OPTIMIZE ?= -O2 -g
WARN := -Wall -Wextra -Wpedantic -Wshadow -Wconversion
HARDEN := -fstack-protector-strong -fPIE -Wformat -Wformat-security -D_FORTIFY_SOURCE=2
EXTRA ?=

# Short lines; `make V=1` shows the commands.
ifeq ($(V),1)
Q :=
else
Q := @
endif

PACKAGES := libhs libpcre2-8 libfyaml libevent_core libevent_pthreads jansson
# Asked when a compiler runs, not when make reads this: contrib/install-deps may come in between.
PKG_CFLAGS = $(shell pkg-config --cflags $(PACKAGES))
PKG_LIBS = $(shell pkg-config --libs $(PACKAGES))

ALL_CFLAGS = -std=c11 -D_GNU_SOURCE $(OPTIMIZE) $(WARN) -Werror $(HARDEN) -pthread -MMD -MP \
	-Iinclude -DEXPLAIN_SYSCONF_DIR='"$(SYSCONFDIR)"' -DEXPLAIN_DATA_DIR='"$(DATADIR)"' \
	-DEXPLAIN_CACHE_DIR='"$(CACHEDIR)"' $(PKG_CFLAGS) $(EXTRA) $(CFLAGS)
ALL_LDFLAGS = -pie -Wl,-z,relro,-z,now -pthread $(EXTRA) $(LDFLAGS)
ALL_LIBS = $(PKG_LIBS) -lmilter

# The modules, lowest first: a file may include headers of its own and of earlier ones only
# (tests/layering checks it).
MODULES := util smtp render catalog match explain config front
LIB_SOURCES := $(foreach m,$(MODULES),$(wildcard milter/$(m)/*.c))
LIB_OBJECTS := $(LIB_SOURCES:%.c=$(BUILD)/%.o)
CTL_SOURCES := $(wildcard milter/cmd/explainctl.c milter/cmd/ctl_*.c)
PROGRAMS := $(BUILD)/explain-milter $(BUILD)/explainctl

UNIT_SOURCES := $(wildcard tests/*/*_test.c)
UNIT_TESTS := $(UNIT_SOURCES:tests/%.c=$(BUILD)/tests/%)
BENCH_SOURCES := $(wildcard tests/bench/*.c)
BENCH_PROGRAMS := $(BENCH_SOURCES:tests/%.c=$(BUILD)/tests/%)
PEERS := $(BUILD)/tests/milter_peer

.PHONY: all help deps check unit system demo bench lint sanitize memcheck install uninstall clean format
.DELETE_ON_ERROR:

all: deps
	@$(MAKE) --no-print-directory $(PROGRAMS)

help:
	@sed -n 's/^## //p' Makefile

# Installs what is missing when run as root on Debian; otherwise says what to install.
deps:
	@contrib/install-deps --if-missing

$(BUILD)/libexplain.a: $(LIB_OBJECTS)
	@rm -f $@
	@echo '  AR      $@'
	$(Q)ar rcs $@ $^

$(BUILD)/%.o: %.c
	@mkdir -p $(@D)
	@echo '  CC      $<'
	$(Q)$(CC) $(ALL_CFLAGS) -c -o $@ $<

$(BUILD)/explain-milter: $(BUILD)/milter/cmd/explain-milter.o $(BUILD)/libexplain.a
	@echo '  LD      $@'
	$(Q)$(CC) $(ALL_LDFLAGS) -o $@ $^ $(ALL_LIBS)

$(BUILD)/explainctl: $(CTL_SOURCES:%.c=$(BUILD)/%.o) $(BUILD)/libexplain.a
	@echo '  LD      $@'
	$(Q)$(CC) $(ALL_LDFLAGS) -o $@ $^ $(ALL_LIBS)

$(BUILD)/tests/%_test: $(BUILD)/tests/%_test.o $(BUILD)/libexplain.a
	@echo '  LD      $@'
	$(Q)$(CC) $(ALL_LDFLAGS) -o $@ $^ $(ALL_LIBS) $(shell pkg-config --libs check)

$(BUILD)/tests/bench/%: $(BUILD)/tests/bench/%.o $(BUILD)/libexplain.a
	@echo '  LD      $@'
	$(Q)$(CC) $(ALL_LDFLAGS) -o $@ $^ $(ALL_LIBS)

$(BUILD)/tests/milter_peer: $(BUILD)/tests/mta/milter_peer.o
	@echo '  LD      $@'
	$(Q)$(CC) $(ALL_LDFLAGS) -o $@ $^ -lmilter

-include $(shell find $(BUILD) -name '*.d' 2>/dev/null)

clean:
	rm -rf $(BUILD)
