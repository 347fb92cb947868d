/* SPDX-License-Identifier: MIT */
/* Words from what a user typed or pasted. */
#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "arch/decode.h"

#define MAX_NUMBERS (8 * SMMU_LAYOUT_MAX_WORDS)

/* The numbers as written: digits without 0x, and how many of them. */
struct numbers {
	const char *digits[MAX_NUMBERS];
	size_t len[MAX_NUMBERS];
	size_t count, longest;
};

struct complaint {
	char *text;
	size_t size;
};

static int is_separator(char c)
{
	return c == ',' || isspace((unsigned char)c);
}

/* One number at s; its end, or NULL after a complaint. */
static const char *take_number(struct numbers *n, const char *s,
			       const struct complaint *c)
{
	const char *start = s, *end = s;
	size_t len;

	if (s[0] == '0' && (s[1] == 'x' || s[1] == 'X'))
		start = end = s + 2;
	while (isxdigit((unsigned char)*end))
		end++;
	len = (size_t)(end - start);
	if (len == 0 || (*end && !is_separator(*end))) {
		size_t all = strcspn(s, ", \t\r\n\v\f");

		(void)snprintf(
			c->text, c->size,
			"'%.*s%s' is not a hexadecimal number (digits 0-9 a-f, 0x in "
			"front allowed)",
			all > 40 ? 40 : (int)all, s, all > 40 ? "..." : "");
		return NULL;
	}
	if (n->count == MAX_NUMBERS) {
		(void)snprintf(c->text, c->size,
			       "more than %d numbers: no structure is so long",
			       MAX_NUMBERS);
		return NULL;
	}
	n->digits[n->count] = start;
	n->len[n->count++] = len;
	if (len > n->longest)
		n->longest = len;
	return end;
}

static int split(struct numbers *n, size_t count, const char *const *strings,
		 const struct complaint *c)
{
	for (size_t i = 0; i < count; i++)
		for (const char *s = strings[i]; *s;) {
			if (is_separator(*s))
				s++;
			else if ((s = take_number(n, s, c)) == NULL)
				return -EINVAL;
		}
	return 0;
}

static unsigned digit(char c)
{
	if (c >= '0' && c <= '9')
		return (unsigned)(c - '0');
	return (unsigned)(tolower((unsigned char)c) - 'a') + 10;
}

static uint64_t number(const char *digits, size_t len)
{
	uint64_t v = 0;

	while (len--)
		v = v << 4 | digit(*digits++);
	return v;
}

/* Numbers of `bits` bits each, put together least significant first. */
static void join(const struct numbers *n, unsigned bits, uint64_t *dw)
{
	for (size_t i = 0; i < n->count; i++) {
		size_t at = i * bits;

		dw[at / 64] |= number(n->digits[i], n->len[i]) << (at % 64);
	}
}

/* A dump: two digits a byte, in memory order. */
static void join_dump(const struct numbers *n, uint64_t *dw)
{
	for (size_t i = 0; i < n->len[0] / 2; i++)
		dw[i / 8] |= number(n->digits[0] + 2 * i, 2) << (i % 8 * 8);
}

static int wrong_count(const struct smmu_layout *layout, const struct numbers *n,
		       const struct complaint *c)
{
	const struct arch_struct *s = smmu_arch_layout_struct(layout);
	unsigned words = smmu_layout_words(layout);
	char what[64], legal[64];

	if (s->family == ARCH_REGISTER)
		(void)snprintf(what, sizeof(what), "SMMU_%s", s->name);
	else
		(void)snprintf(what, sizeof(what), "%s", s->title);
	if (s->bits == 32)
		(void)snprintf(legal, sizeof(legal), "one number of 32 bits, or 4 bytes");
	else
		(void)snprintf(legal, sizeof(legal),
			       "%u word%s of 64 bits, %u of 32, or %u bytes", words,
			       words == 1 ? "" : "s", 2 * words, 8 * words);
	(void)snprintf(c->text, c->size,
		       "%s takes %s; got %zu number%s, the longest of %zu "
		       "digit%s",
		       what, legal, n->count, n->count == 1 ? "" : "s", n->longest,
		       n->longest == 1 ? "" : "s");
	return -EINVAL;
}

int smmu_decode_parse_hex(const struct smmu_layout *layout, size_t n,
			  const char *const *strings, uint64_t *dw, char *error,
			  size_t size)
{
	const struct complaint c = { error, size };
	unsigned words = smmu_layout_words(layout), bits = smmu_layout_bits(layout);
	uint64_t got[SMMU_LAYOUT_MAX_WORDS] = { 0 };
	struct numbers numbers = { .count = 0 };

	if (split(&numbers, n, strings, &c) != 0)
		return -EINVAL;
	if (bits == 32 && numbers.count == 1 && numbers.longest <= 16 &&
	    number(numbers.digits[0], numbers.len[0]) >> 32 == 0)
		join(&numbers, 32, got);
	else if (bits == 32 && numbers.count == 4 && numbers.longest <= 2)
		join(&numbers, 8, got);
	else if (bits == 32)
		return wrong_count(layout, &numbers, &c);
	else if (numbers.count == words && numbers.longest <= 16)
		join(&numbers, 64, got);
	else if (numbers.count == 2 * words && numbers.longest <= 8)
		join(&numbers, 32, got);
	else if (numbers.count == 8 * words && numbers.longest <= 2)
		join(&numbers, 8, got);
	else if (numbers.count == 1 && words > 1 && numbers.longest == 16u * words)
		join_dump(&numbers, got);
	else
		return wrong_count(layout, &numbers, &c);
	memcpy(dw, got, words * sizeof(*dw));
	return 0;
}
