# SPDX-License-Identifier: GPL-2.0-only
#
# What of the kernel's selftests/lib.mk this directory needs, when it stands alone:
# all, run_tests, install (to INSTALL_PATH), clean; OUTPUT is where programs go.

OUTPUT ?= $(CURDIR)

# kselftest.h and kselftest_harness.h: taken out of the kernel's source by a script.
KSFT_INC := $(shell ../scripts/kselftest-headers)
CFLAGS += $(if $(KSFT_INC),-I$(KSFT_INC))

GENERATED := $(addprefix $(OUTPUT)/,$(TEST_GEN_PROGS) $(TEST_GEN_FILES))

.PHONY: all run_tests install clean list_user_tests list_tests
all: $(GENERATED)

$(OUTPUT)/%: %.c $(wildcard *.h $(TCPTRACK_SRC)/*.h)
	@mkdir -p $(OUTPUT)
	$(CC) $(CFLAGS) $(CPPFLAGS) $(LDFLAGS) $(filter %.c,$^) $(LDLIBS) -o $@

run_tests: all
	@./run.sh $(addprefix $(CURDIR)/,$(TEST_PROGS)) $(addprefix $(OUTPUT)/,$(TEST_GEN_PROGS))

install: all
	@test -n "$(INSTALL_PATH)" || { echo "INSTALL_PATH is not set" >&2; exit 1; }
	@mkdir -p $(INSTALL_PATH)
	cp -rp run.sh $(TEST_PROGS) $(TEST_FILES) $(filter-out $(INSTALL_PATH)/%,$(GENERATED)) \
		$(INSTALL_PATH)/

list_user_tests:
	@echo $(TEST_USER_PROGS)

# Those that do need the module.
list_tests:
	@echo $(TEST_PROGS) $(filter-out $(TEST_USER_PROGS),$(TEST_GEN_PROGS))

clean:
	rm -f $(GENERATED)
