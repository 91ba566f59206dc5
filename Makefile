# SPDX-License-Identifier: GPL-2.0-only
#
# make                 build module/tcptrack.ko for the running kernel
# make KVER=6.12       ... for the newest installed 6.12 (headers); KDIR=DIR for any other tree
# make run             the main job on real traffic, in a throw-away virtual machine
# make test            all tests (T=name: one of them; KERNELS="6.12": on this kernel only)
# make tools           build/tools/tcptrackctl (needs libmnl-dev, libjansson-dev, libncurses-dev)
# make load / unload   on this machine itself, as root
# make install         what 'make' and 'make tools' built, as root: into the kernel's updates/ and
#                      PREFIX (/usr/local), below DESTDIR if that is given; make uninstall
# make deb             the Debian packages tcptrack-dkms and tcptrackctl: build/deb/
# make docs            Documentation/ as HTML: build/docs/html/index.html (needs python3-sphinx)
#
# For who changes it (Documentation/CONTRIBUTING.rst):
# make test-quick      all tests (T=name: one) in User Mode Linux with all detectors: seconds
# make test-debug      ... on a debug kernel, two CPUs, in QEMU (KVER=6.1: that one)
# make test-race       the concurrent tests on a KCSAN kernel
# make test-detectors  do the detectors see anything?
# make check           all that reads the source
# make fuzz            the fuzzers of user space, 10 minutes each (FUZZ_SECONDS=)
# make soak            all at once for an hour (SOAK_SECONDS=) on a debug kernel, two CPUs; then the
#                      fuzzers in User Mode Linux: 10,000,000 packets, 2,500,000 messages of netlink
#                      (FUZZ_RUNS=: an eighth, a half)
# make bench           what a packet costs, beside all others that do part of the job
# make bench-check     does a packet cost more instructions than was recorded?
# make coverage        lines and branches that the tests reach: build/coverage/
# make nightly         all of these, on all kernels

KVER	?=
# W=1 calls kernel-doc, which needs all of perl.
W	?= $(if $(shell command -v pod2usage),1)
kver	 = $(or $(KVER),$(shell uname -r))
kdir	 = $(shell . scripts/lib.sh; kernel_build_dir "$(1)")
KDIR	?= $(call kdir,$(kver))
SHELL	:= /bin/bash

.PHONY: all modules clean run test load unload selftests tools need-kdir
.PHONY: install uninstall deb docs
.PHONY: test-quick test-debug test-race test-detectors check fuzz soak coverage bench bench-check nightly
all: modules

need-kdir:
	@test -n "$(strip $(KDIR))" || { \
		echo "No kernel headers for $(kver) (package linux-headers-$(kver))." >&2; \
		echo "KVER= selects others (6.12), 'scripts/install 6.12' fetches them." >&2; \
		exit 1; }

modules: need-kdir
	$(MAKE) -C $(KDIR) M=$(CURDIR) W=$(W) modules

clean: KDIR := $(strip $(or $(KDIR),$(call kdir,)))
clean:
	$(if $(KDIR),$(MAKE) -C $(KDIR) M=$(CURDIR) clean)
	$(MAKE) -C selftests clean
	rm -rf build

tools:
	$(MAKE) -C tools/tcptrackctl OUTPUT=$(CURDIR)/build/tools

selftests:
	$(MAKE) -C selftests

# These two need no built module: they build it for the kernels that they boot.
run:
	@KVER="$(KVER)" scripts/run

test:
	@T="$(T)" KVER="$(KVER)" KERNELS="$(KERNELS)" scripts/test

test-quick:
	@T="$(T)" KERNELS=uml-debug scripts/test

test-debug:
	@T="$(T)" KERNELS="x86-debug-$(or $(KVER),6.12)" scripts/test

RACE_TESTS := parity|transitions|flowsmax|earlyreturn|churn|hooks
RACE_TESTS := $(RACE_TESTS)|halfopen|cookie|early|flood|netlink_events|netlink_dump|soak
test-race:
	@T="$(or $(T),@($(RACE_TESTS)))" KERNELS=x86-kcsan scripts/test

test-detectors:
	@scripts/detectors

check:
	@scripts/check

fuzz:
	@$(MAKE) -C selftests OUTPUT=$(CURDIR)/build/selftests-obj fuzz

soak: export SOAK_SECONDS ?= 3600
soak: export FUZZ_RUNS ?= 1250000
soak:
	@T=soak KERNELS="$(or $(KERNELS),x86-debug)" VM_TIMEOUT=$$((SOAK_SECONDS + 3600)) scripts/test
	@T=fuzz KERNELS="$(or $(KERNELS),uml-debug)" VM_TIMEOUT=$$((FUZZ_RUNS / 8 + 3600)) scripts/test

coverage:
	@T="$(T)" scripts/coverage

bench:
	@scripts/bench

bench-check:
	@scripts/bench-check

nightly:
	@scripts/nightly

install uninstall: need-kdir
	@KDIR="$(strip $(KDIR))" DESTDIR="$(DESTDIR)" PREFIX="$(PREFIX)" scripts/make-install $@

deb:
	@scripts/deb

docs:
	@SPHINX_OPTS="$(SPHINX_OPTS)" scripts/docs

# ('load' cannot come first on the line: make has a directive of that name)
unload load:
	@scripts/load $@
