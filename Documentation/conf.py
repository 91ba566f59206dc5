# SPDX-License-Identifier: GPL-2.0-only
# Sphinx: make docs. The lists of counters and of netlink operations are read from the
# sources that the code itself is made from, when the documentation is built.

import os
import re

import yaml
from docutils import nodes
from docutils.parsers.rst import Directive
from docutils.statemachine import ViewList

TOP = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))


def read(name):
    with open(os.path.join(TOP, name), encoding="utf-8") as f:
        return f.read()


project = "tcptrack"
author = "tcptrack maintainers"
release = version = re.search(r'VERSION "(.*)"', read("module/version.h")).group(1)
exclude_patterns = ["examples"]
highlight_language = "none"
html_theme = "alabaster"
html_theme_options = {"description": "TCP tracker with a bounded half-open queue",
                      "page_width": "1060px", "sidebar_width": "230px"}
html_show_copyright = False
html_show_sourcelink = False
smartquotes = False


def table(rows, widths):
    yield ".. list-table::"
    yield "   :widths: " + " ".join(map(str, widths))
    yield ""
    for row in rows:
        for n, cell in enumerate(row):
            yield ("   * - " if n == 0 else "     - ") + cell
    yield ""


# A group of counters begins with a comment in the X-macro.
def x_macro(name, prefix):
    rows = []
    for line in re.search(r"#define %sS\(.*?\n\n" % prefix, read(name), re.S).group(0).split("\n"):
        if group := re.search(r"/\* (.*?) \*/", line):
            if rows:
                yield from table(rows, (30, 70))
                rows = []
            yield "**%s**" % group.group(1).split(";")[0]
            yield ""
        elif entry := re.search(r'%s\((\w+), "(.*)"\)' % prefix, line):
            rows.append(("``%s``" % entry.group(1), entry.group(2)))
    yield from table(rows, (30, 70))


def netlink():
    spec = yaml.safe_load(read("Documentation/netlink/specs/tcptrack.yaml"))
    yield from section("Operations")
    for op in spec["operations"]["list"]:
        yield "``%s``" % op["name"]
        doc = " ".join(op.get("doc", "").split())
        if "uns-admin-perm" in op.get("flags", []):
            doc += " Needs CAP_NET_ADMIN."
        yield "   " + doc
        yield ""
        for way in ("do", "dump", "event", "notify"):
            if not isinstance(op.get(way), dict):
                continue
            for part in ("request", "reply", None):
                body = op[way] if part is None else op[way].get(part)
                names = [n for n in (body or {}).get("attributes", []) if n != "pad"]
                if len(names) > 20:
                    names = ["all of the set"]
                if names:
                    yield "   | *%s%s*: %s" % (way, "" if part is None else ", " + part,
                                              ", ".join(names))
        yield "   | attributes of the set *%s*" % op.get("attribute-set", "-")
        yield ""
    yield from section("Attributes")
    for kind in spec["attribute-sets"]:
        yield "**%s**: %s" % (kind["name"], " ".join(kind.get("doc", "").split()))
        yield ""
        yield from table([("``%s``" % a["name"], a.get("type", ""), " ".join(a.get("doc", "").split()))
                          for a in kind["attributes"] if a.get("type") not in ("pad", "unused")],
                         (30, 12, 58))
    yield from section("Words")
    for words in spec["definitions"]:
        if "entries" not in words:
            continue
        yield "**%s** (%s)" % (words["name"], words["type"])
        yield ""
        yield from table([("``%s``" % (e if isinstance(e, str) else e["name"]),
                           "" if isinstance(e, str) else e.get("doc", ""))
                          for e in words["entries"]], (30, 70))


def section(title):
    yield title
    yield "-" * len(title)
    yield ""


class Generated(Directive):
    """.. tcptrack:: counters | values | netlink"""
    required_arguments = 1
    what = {"counters": lambda: x_macro("module/stats.h", "TT_STAT"),
            "values": lambda: x_macro("module/view.h", "TT_VALUE"),
            "netlink": netlink}

    def run(self):
        lines = ViewList(list(self.what[self.arguments[0]]()), "tcptrack:" + self.arguments[0])
        node = nodes.section()
        node.document = self.state.document
        self.state.nested_parse(lines, self.content_offset, node, match_titles=1)
        return node.children


def setup(app):
    app.add_directive("tcptrack", Generated)
