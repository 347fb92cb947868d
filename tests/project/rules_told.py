# SPDX-License-Identifier: MIT
"""Every rule that the model can give as a reason has a text in smmu_explain().

usage: rules_told.py SOURCE_DIR

A reason is a string literal that is the id of a rule and nothing else ("STE-18",
"T-16c"), anywhere in src/model.
"""
import pathlib
import re
import sys

REASON = re.compile(r'"([A-Z][A-Z0-9]*-[A-Z]?[0-9]+[a-z]?)"')
ROW = re.compile(r'^\t\{ "([^"]+)",', re.M)


def main():
    model = pathlib.Path(sys.argv[1]) / "src/model"
    table = model / "explain/rules.c"
    told = set(ROW.findall(table.read_text()))
    used = {}
    for path in sorted(model.rglob("*.[ch]")):
        if path != table:
            for rule in REASON.findall(path.read_text()):
                used.setdefault(rule, path.relative_to(model))
    missing = sorted(set(used) - told)
    for rule in missing:
        print(f"{rule} ({used[rule]}) has no text in explain/rules.c")
    print(f"{len(used)} rules are given as reasons, {len(told)} have a text")
    # A reader that finds next to nothing has lost the way it is written.
    return 1 if missing or len(used) < 80 else 0


if __name__ == "__main__":
    sys.exit(main())
