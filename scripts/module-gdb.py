# SPDX-License-Identifier: GPL-2.0-only
"""gdb -x module-gdb.py: know the module's symbols as soon as it is loaded.

TCPTRACK_KO names the module, built with -g (scripts/debug-module does); the
kernel itself needs no debug information. Breakpoints in the module can be set
before it is loaded ("set breakpoint pending on" is set here).
"""

import os
import gdb

ko = os.environ.get("TCPTRACK_KO", "build/uml-debug-6.12/module/tcptrack.ko")
name = os.path.basename(ko).rsplit(".", 1)[0].replace("-", "_")


def code(mod):
    """Where a struct module has its code, and that of init, for add-symbol-file."""
    fields = [f.name for f in mod.type.target().fields()]
    if "mem" in fields:  # since 6.4
        text, init = mod["mem"][0]["base"], mod["mem"][4]["base"]
    else:
        text, init = mod["core_layout"]["base"], mod["init_layout"]["base"]
    return "%#x -s .init.text %#x" % (int(text), int(init))


def module_loaded():
    """A module is in its place, and its init function has not yet run."""
    # The module's own debug information says what a struct module is.
    gdb.execute("add-symbol-file %s 0" % ko, to_string=True)
    mod = gdb.parse_and_eval("(struct module *)$rdi")
    where = code(mod) if mod["name"].string() == name else None
    gdb.execute("remove-symbol-file -a 0", to_string=True)
    if where:
        gdb.execute("add-symbol-file %s %s" % (ko, where), to_string=True)
        gdb.write("%s: code at %s\n" % (ko, where))


gdb.execute("set confirm off")
gdb.execute("set pagination off")
gdb.execute("set breakpoint pending on")
loaded = gdb.Breakpoint("do_init_module")
loaded.silent = True
loaded.commands = "python module_loaded()\ncontinue"
