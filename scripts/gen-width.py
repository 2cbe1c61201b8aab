#!/usr/bin/env python3
"""Writes base/width_table.h from Python's own copy of the Unicode database.

    python3 scripts/gen-width.py > base/width_table.h

The tables are pinned: another Unicode version than the one below is refused, so
that a newer Python does not change the screen behind our back. To move on, change
PINNED, run the script and look at what the pictures in tests/ say.
"""

import sys
import unicodedata

PINNED = "14.0.0"

# Not assigned yet in the pinned version but reserved for ideographs and for
# pictures: what newer versions put there is wide, and people use it today.
RESERVED_WIDE = (
    (0x3400, 0x4DBF),
    (0x4E00, 0x9FFF),
    (0xF900, 0xFAFF),
    (0x1F6D0, 0x1F6FF),
    (0x1F900, 0x1F9FF),
    (0x1FA70, 0x1FAFF),
    (0x20000, 0x2FFFD),
    (0x30000, 0x3FFFD),
)

# Format characters (Cf) that have a shape of their own.
VISIBLE_FORMAT = {0xAD, 0x6DD, 0x70F, 0x8E2, 0x110BD, 0x110CD, *range(0x600, 0x606)}

# Vowels and finals of Hangul that join the consonant before them.
JOINING_JAMO = ((0x1160, 0x11FF), (0xD7B0, 0xD7C6), (0xD7CB, 0xD7FB))


def within(ranges, scalar):
    return any(first <= scalar <= last for first, last in ranges)


def is_reserved_wide(scalar):
    return unicodedata.category(chr(scalar)) == "Cn" and within(RESERVED_WIDE, scalar)


def width(scalar):
    char = chr(scalar)
    category = unicodedata.category(char)
    if category in ("Cc", "Mn", "Me", "Zl", "Zp") or within(JOINING_JAMO, scalar):
        return 0
    if category == "Cf" and scalar not in VISIBLE_FORMAT:
        return 0
    if is_reserved_wide(scalar):
        return 2
    if category == "Cn":
        return 1
    return 2 if unicodedata.east_asian_width(char) in "WF" else 1


def is_odd(scalar):
    category = unicodedata.category(chr(scalar))
    return category in ("Cn", "Co", "Cs") and not is_reserved_wide(scalar)


def ranges(value_of, plain):
    """(first, last, value) of all stretches whose value is not the plain one."""
    found = []
    for scalar in range(0x110000):
        value = value_of(scalar)
        if value == plain:
            continue
        if found and found[-1][1] == scalar - 1 and found[-1][2] == value:
            found[-1][1] = scalar
        else:
            found.append([scalar, scalar, value])
    return found


def show(entries):
    """As many entries as fit into a line."""
    line = "\t"
    for entry in entries:
        if len(line) + len(entry) > 80:
            print(line.rstrip())
            line = "\t"
        line += entry + " "
    print(line.rstrip())


def main():
    if unicodedata.unidata_version != PINNED:
        sys.exit(f"this Python has Unicode {unicodedata.unidata_version}, not {PINNED}")
    print(f"/* Made by scripts/gen-width.py from Unicode {PINNED}: change that. */")
    print("#ifndef BASE_WIDTH_TABLE_H\n#define BASE_WIDTH_TABLE_H\n")
    print("#include <stdint.h>\n\n/* clang-format off */\n")
    print("/* Scalars that are not one column wide. */")
    print("static const struct width_range {")
    print("\tuint32_t first, last;\n\tint width;\n} width_ranges[] = {")
    show([f"{{ {f:#x}, {l:#x}, {w} }}," for f, l, w in ranges(width, 1)])
    print("};\n\n/* Unassigned, private use, surrogates, noncharacters. */")
    print("static const struct odd_range {")
    print("\tuint32_t first, last;\n} odd_ranges[] = {")
    show([f"{{ {f:#x}, {l:#x} }}," for f, l, _ in ranges(is_odd, False)])
    print("};\n\n/* clang-format on */\n\n#endif")


main()
