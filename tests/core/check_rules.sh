#!/bin/sh
# SPDX-License-Identifier: MIT
# check_rules.sh DIR: rules.tsv has one row for each of CORE-1 to CORE-191, in order;
# every test that it names is registered, here, in tests/driver or tests/user, every row
# without one has a reason, and each rule that it calls tested is cited in a test.
cd "$1" || exit 2
cat test_*.c variant/test_*.c ../driver/test_*.c ../user/test_*.c | awk -F'\t' '
FNR == NR {
	line = $0
	while (match(line, /CORE-[0-9]+/)) {
		cited[substr(line, RSTART, RLENGTH)] = 1
		line = substr(line, RSTART + RLENGTH)
	}
	while (match($0, /cmocka_unit_test\([a-z0-9_]+\)/)) {
		known[substr($0, RSTART + 17, RLENGTH - 18)] = 1
		$0 = substr($0, RSTART + RLENGTH)
	}
	next
}
FNR == 1 { next }
{
	want++
	if ($1 != "CORE-" want) { print "row " FNR ": " $1 " is not CORE-" want; bad = 1 }
	if ($2 == "later") {
		if ($4 == "") { print $1 ": no reason"; bad = 1 }
		next
	}
	if ($2 == "part" && $4 == "") { print $1 ": what is missing?"; bad = 1 }
	if (!($1 in cited)) { print $1 ": no test cites it"; bad = 1 }
	n = split($3, names, " ")
	if (!n) { print $1 ": no test"; bad = 1 }
	for (i = 1; i <= n; i++)
		if (!(names[i] in known)) { print $1 ": no test " names[i]; bad = 1 }
}
END {
	if (want != 191) { print want " rows, not 191"; bad = 1 }
	exit bad
}' - rules.tsv
