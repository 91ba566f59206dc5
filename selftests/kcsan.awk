# SPDX-License-Identifier: GPL-2.0-only
#
# A filter for the kernel's log: the data races that the kernel has of its own are no
# reports any more. Those are KCSAN's in neither of whose stacks a module appears.

function flush(i)
{
	if (!ours)
		sub(/BUG: KCSAN:/, "the kernel's own", held[1])
	for (i = 1; i <= n; i++)
		print held[i]
	n = 0
}

/BUG: KCSAN: / {
	if (n)
		flush()
	ours = /KCSAN: .*\[[a-z0-9_]+\]/
	held[n = 1] = $0
	next
}

n {
	held[++n] = $0
	# a frame, not the time stamp or the caller
	if (/\+0x[0-9a-f]+\/0x[0-9a-f]+ \[[a-z0-9_]+\]/)
		ours = 1
	if (/======/)
		flush()
	next
}

{ print }

# cut short: who knows
END {
	if (n) {
		ours = 1
		flush()
	}
}
