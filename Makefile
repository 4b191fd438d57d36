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

PACKAGES := libhs libpcre2-8 libfyaml libevent_core libevent_pthreads jansson libcmark gmime-3.0
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
MODULES := util smtp render catalog style match explain dsn pages export config front
LIB_SOURCES := $(foreach m,$(MODULES),$(wildcard milter/$(m)/*.c))
LIB_OBJECTS := $(LIB_SOURCES:%.c=$(BUILD)/%.o)
CTL_SOURCES := $(wildcard milter/cmd/explainctl.c milter/cmd/ctl_*.c)
PROGRAMS := $(BUILD)/explain-milter $(BUILD)/explainctl

UNIT_SOURCES := $(wildcard tests/*/*_test.c)
UNIT_TESTS := $(UNIT_SOURCES:tests/%.c=$(BUILD)/tests/%)
BENCH_SOURCES := $(wildcard tests/bench/*.c)
BENCH_PROGRAMS := $(BENCH_SOURCES:tests/%.c=$(BUILD)/tests/%)
PEERS := $(BUILD)/tests/milter_peer
REPLAYS := $(patsubst tests/%_fuzz.c,$(BUILD)/tests/%_replay,$(wildcard tests/fuzz/*_fuzz.c))

.PHONY: all help deps check demo accuracy bench lint sanitize memcheck fuzz install uninstall clean format
.DELETE_ON_ERROR:
.SECONDARY:

## make help       this list
all: deps
	@$(MAKE) -s --no-print-directory $(PROGRAMS)

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

$(BUILD)/tests/fuzz/%_replay: $(BUILD)/tests/fuzz/%_fuzz.o $(BUILD)/tests/fuzz/replay.o $(BUILD)/libexplain.a
	@echo '  LD      $@'
	$(Q)$(CC) $(ALL_LDFLAGS) -o $@ $^ $(ALL_LIBS)

$(BUILD)/tests/fuzz/%_fuzz: $(BUILD)/tests/fuzz/%_fuzz.o $(BUILD)/libexplain.a
	@echo '  LD      $@'
	$(Q)$(CC) $(ALL_LDFLAGS) -fsanitize=fuzzer -o $@ $^ $(ALL_LIBS)

$(BUILD)/tests/milter_peer: $(BUILD)/tests/mta/milter_peer.o
	@echo '  LD      $@'
	$(Q)$(CC) $(ALL_LDFLAGS) -o $@ $^ -lmilter

-include $(shell find $(BUILD) -name '*.d' 2>/dev/null)

## make            the programs, in build/
# What the tests of the help pages drive Chromium with. Without network they are skipped, and say so.
BROWSER := build/browser/node_modules/.package-lock.json
$(BROWSER): tests/pages/package.json tests/pages/package-lock.json
	@mkdir -p build/browser
	@cp $^ build/browser/
	@echo '  NPM     $(@D)'
	$(Q)cd build/browser && npm ci --ignore-scripts --no-audit --no-fund --loglevel=error >npm.log 2>&1 || \
		{ cat npm.log >&2; echo 'npm failed: the browser tests will be skipped' >&2; }

## make check      everything that is tested: units, commands, real Postfix, Chromium (as root)
check: deps
	@$(MAKE) -s --no-print-directory $(PROGRAMS) $(UNIT_TESTS) $(REPLAYS) $(PEERS) \
		$(BROWSER)
	@tests/check $(BUILD) $(MODULES)

## make demo       a private Postfix refuses mail, before and after; KEEP=1 leaves it running
demo: deps
	@$(MAKE) -s --no-print-directory $(PROGRAMS) $(PEERS)
	@python3 tests/mta/demo.py

## make accuracy   how often the right reason is found, and what is taken for what
accuracy: deps
	@$(MAKE) -s --no-print-directory $(PROGRAMS)
	@python3 tests/corpus/accuracy.py

## make bench      measures, and compares with the targets; figures in build/bench.json
bench:
	@contrib/install-deps --if-missing bench
	@$(MAKE) -s --no-print-directory $(PROGRAMS) $(PEERS) $(BENCH_PROGRAMS)
	@python3 tests/bench/run.py --json $(BUILD)/bench.json

SANITIZERS := -fno-omit-frame-pointer -fno-sanitize-recover=all

## make sanitize   the tests under ASan and UBSan, the threaded ones under TSan
sanitize: deps
	@$(MAKE) -s --no-print-directory BUILD=build/asan OPTIMIZE='-O1 -g' HARDEN= \
		EXTRA='-fsanitize=address,undefined $(SANITIZERS)' sanitize-tests
	@$(MAKE) -s --no-print-directory BUILD=build/tsan OPTIMIZE='-O1 -g' HARDEN=-fPIE \
		EXTRA='-fsanitize=thread $(SANITIZERS)' tsan-tests

.PHONY: sanitize-tests tsan-tests
sanitize-tests: $(PROGRAMS) $(UNIT_TESTS) $(REPLAYS) $(PEERS) $(BROWSER)
	@UNIT_SLOW=1 tests/check $(BUILD) $(MODULES)

tsan-tests: $(PROGRAMS) $(UNIT_TESTS) $(REPLAYS)
	@UNIT_SLOW=1 TSAN_OPTIONS=suppressions=$(CURDIR)/tests/tsan.supp tests/check $(BUILD) --units

## make memcheck   the unit tests under valgrind
memcheck: deps
	@$(MAKE) -s --no-print-directory $(PROGRAMS) $(UNIT_TESTS)
	@UNIT_SLOW=1 WRAPPER='valgrind -q --fair-sched=yes --error-exitcode=9 --leak-check=full --show-leak-kinds=definite' \
		CK_FORK=no tests/check $(BUILD) --units

# Seconds to run and, if given, inputs to try. What is new is kept in build/fuzz/corpus, what fails
# in build/fuzz. Without tracing of comparisons it is twice as fast; the dictionary has the words.
T ?= 60
RUNS ?= -1
## make fuzz       hostile bounces for T seconds (T=60), with clang's libFuzzer
fuzz: deps
	@contrib/install-deps --if-missing fuzz
	@$(MAKE) -s --no-print-directory BUILD=build/fuzz CC=clang OPTIMIZE='-O2 -g' HARDEN= \
		EXTRA='-fsanitize=fuzzer-no-link,address,undefined \
			-fno-sanitize-coverage=trace-cmp $(SANITIZERS)' \
		build/fuzz/tests/fuzz/dsn_fuzz
	@mkdir -p build/fuzz/corpus
	ASAN_OPTIONS=malloc_context_size=4 build/fuzz/tests/fuzz/dsn_fuzz \
		-dict=tests/fuzz/dsn.dict -max_len=8192 -timeout=10 -max_total_time=$(T) \
		-runs=$(RUNS) -print_final_stats=1 -verbosity=0 -artifact_prefix=build/fuzz/ \
		build/fuzz/corpus tests/fuzz/seeds/dsn

## make lint       clang and gcc warnings, cppcheck, clang-tidy, man pages, shell
lint: deps
	@tests/lint $(BUILD)

## make format     clang-format over all C files
format:
	clang-format -i $$(git ls-files '*.c' '*.h')

MAN_PAGES := $(wildcard milter/cmd/*.[158])

## make install    into DESTDIR and PREFIX; configuration that exists is kept
install: all
	install -d $(DESTDIR)$(PREFIX)/sbin $(DESTDIR)$(PREFIX)/bin $(DESTDIR)$(SYSCONFDIR)/catalog.d \
		$(DESTDIR)$(DATADIR) $(DESTDIR)$(PREFIX)/share/doc/explain-milter $(DESTDIR)$(UNITDIR) \
		$(DESTDIR)$(MANDIR)/man1 $(DESTDIR)$(MANDIR)/man5 $(DESTDIR)$(MANDIR)/man8
	install -m 755 $(BUILD)/explain-milter $(DESTDIR)$(PREFIX)/sbin/
	install -m 755 $(BUILD)/explainctl $(DESTDIR)$(PREFIX)/bin/
	cd conf && find catalog pages -type f -exec install -D -m 644 '{}' '$(DESTDIR)$(DATADIR)/{}' ';'
	for file in explain-milter.yaml mail-domains.txt; do \
		test -e $(DESTDIR)$(SYSCONFDIR)/$$file || \
		install -m 644 conf/$$file $(DESTDIR)$(SYSCONFDIR)/ || exit 1; done
	for page in $(MAN_PAGES); do \
		install -m 644 $$page $(DESTDIR)$(MANDIR)/man$${page##*.}/ || exit 1; done
	sed 's,/usr/sbin/explain-milter,$(PREFIX)/sbin/explain-milter,' contrib/systemd/explain-milter.service \
		>$(DESTDIR)$(UNITDIR)/explain-milter.service
	install -m 644 README.md LICENSE conf/mta/postfix-main.cf \
		$(DESTDIR)$(PREFIX)/share/doc/explain-milter/
	cd contrib && find delivery -type f -exec install -D -m 644 '{}' \
		'$(DESTDIR)$(PREFIX)/share/doc/explain-milter/{}' ';'

## make uninstall  removes what install put there; configuration stays
uninstall:
	rm -f $(DESTDIR)$(PREFIX)/sbin/explain-milter $(DESTDIR)$(PREFIX)/bin/explainctl \
		$(DESTDIR)$(UNITDIR)/explain-milter.service
	for page in $(notdir $(MAN_PAGES)); do \
		rm -f $(DESTDIR)$(MANDIR)/man$${page##*.}/$$page; done
	rm -rf $(DESTDIR)$(DATADIR) $(DESTDIR)$(PREFIX)/share/doc/explain-milter

clean:
	rm -rf $(BUILD)
