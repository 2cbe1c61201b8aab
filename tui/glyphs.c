/* glyphs - the two glyph sets. */
#include "tui/theme.h"

const struct glyphs glyphs_unicode = {
	.horizontal = "─",
	.vertical = "│",
	.corner = { "┌", "┐", "└", "┘" },
	.tee_left = "├",
	.tee_right = "┤",
	.spark = { "▁", "▁", "▂", "▃", "▄", "▅", "▆", "▇", "█" },
	.gap = "·",
	.bar_full = "█",
	.bar_empty = " ",
	.cursor = "▸",
	.mark = "*",
	.sort_down = "▼",
	.sort_up = "▲",
	.ellipsis = "…",
	.bullet = "•",
	.more_right = "›",
};

const struct glyphs glyphs_ascii = {
	.ascii = true,
	.horizontal = "-",
	.vertical = "|",
	.corner = { "+", "+", "+", "+" },
	.tee_left = "|",
	.tee_right = "|",
	.spark = { ".", ":", "-", "=", "+", "*", "#", "%", "@" },
	.gap = "_",
	.bar_full = "#",
	.bar_empty = ".",
	.cursor = ">",
	.mark = "*",
	.sort_down = "v",
	.sort_up = "^",
	.ellipsis = "~",
	.bullet = "*",
	.more_right = ">",
};
