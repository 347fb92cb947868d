# SPDX-License-Identifier: MIT
# Compares instructions per operation: the baseline, then what was counted.
# percent: tolerance; same: 1, if the baseline is of this compiler; whole: 1, if all
# cases were counted. Exits 1 for a regression that counts.
/^#/ || !NF { next }
NR == FNR { old[$1] = $2; next }
!head { printf "%-30s %10s %10s %8s\n", "case", "baseline", "now", "ratio"; head = 1 }
!($1 in old) {
	printf "%-30s %10s %10.1f %8s  new: --update takes it in\n", $1, "-", $2, "-"
	next
}
{
	ratio = $2 / old[$1]; word = ""; seen[$1] = 1
	if (ratio > 1 + percent / 100) { word = "  more"; bad = bad " " $1 }
	if (ratio < 1 - percent / 100) { word = "  less"; less++ }
	printf "%-30s %10.1f %10.1f %8.3f%s\n", $1, old[$1], $2, ratio, word
}
END {
	if (whole)
		for (name in old)
			if (!(name in seen)) { printf "%-30s %10.1f  not counted\n", name, old[name]; lost = 1 }
	if (less)
		printf "\n%d took less: bench/instructions --update keeps it that way.\n", less
	if (bad && !same)
		print "\nMore than the baseline, but that is of another compiler: nothing is concluded."
	if (bad && same) {
		printf "\nMore than %d %% over the baseline:%s\n", percent, bad
		print "If that is worth it, say why in the commit and run bench/instructions --update."
	}
	exit (bad && same) || lost
}
