/* SPDX-License-Identifier: MIT */
/*
 * The text of a dump, made safe for libpci: its parser takes a negative offset for an
 * index, dies of a long line, and keeps two functions of one address. What gets past
 * here is written anew, one section for each function that has at least a header.
 */
#include <string.h>
#include "pci/hierarchy.h"

/* The longest line that lspci prints for what matters: 16 bytes of hex, or a name. */
enum { LINE_MAX_BYTES = 4096 };

struct section {
	bool open, cut; /* cut: something in it was not sound, the rest is ignored */
	uint32_t segment;
	uint16_t rid;
	size_t len;
	uint8_t config[PCI_CONFIG_MAX];
};

struct filter {
	struct smmu_pci *pci;
	FILE *out;
	size_t line, functions, bare;
	struct section s;
};

static int hex_digit(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	if (c >= 'A' && c <= 'F')
		return c - 'A' + 10;
	return -1;
}

/* At most 8 digits; the number of them. */
static size_t hex_number(const char *s, uint32_t *value)
{
	size_t n = 0;

	*value = 0;
	for (; n < 8 && hex_digit(s[n]) >= 0; n++)
		*value = *value << 4 | (uint32_t)hex_digit(s[n]);
	return n;
}

/* A line of at most 16 bytes; printf would be half of the time that an import takes. */
static void put_line(struct filter *f, size_t from)
{
	static const char digits[] = "0123456789abcdef";
	const size_t end = from + 16 < f->s.len ? from + 16 : f->s.len;
	char line[16 + 3 * 16], *at = line;

	at += sprintf(at, "\n%02zx:", from);
	for (size_t i = from; i < end; i++) {
		*at++ = ' ';
		*at++ = digits[f->s.config[i] >> 4];
		*at++ = digits[f->s.config[i] & 15];
	}
	(void)fwrite(line, 1, (size_t)(at - line), f->out);
}

static void close_section(struct filter *f)
{
	struct section *s = &f->s;
	char name[PCI_NAME];

	if (!s->open)
		return;
	s->open = false;
	pci_name(name, s->segment, s->rid);
	if (s->len < PCI_HEADER) {
		f->bare++;
		if (s->len)
			pci_problem(f->pci,
				    "%s: %zu bytes, less than a header of 64: left out",
				    name, s->len);
		return;
	}
	if (f->functions == SMMU_PCI_MAX_FUNCTIONS) {
		pci_problem(f->pci, "%s: more than %u functions: left out", name,
			    SMMU_PCI_MAX_FUNCTIONS);
		return;
	}
	f->functions++;
	fprintf(f->out, "%s .", name);
	for (size_t i = 0; i < s->len; i += 16)
		put_line(f, i);
	fputs("\n\n", f->out);
}

/* "bb:dd.f " or "dddd:bb:dd.f ", with up to 5 digits of domain: a function begins. */
static bool header_line(struct filter *f, const char *s)
{
	uint32_t part[3] = { 0, 0, 0 }, fn;
	size_t digits[3], n = 0, at = 0;

	for (;;) {
		digits[n] = hex_number(s + at, &part[n]);
		at += digits[n++];
		if (s[at] != ':' || n == 3)
			break;
		at++;
	}
	if (n < 2 || s[at] != '.' || digits[n - 1] != 2 || digits[n - 2] != 2 ||
	    hex_number(s + at + 1, &fn) != 1 || (s[at + 2] != ' ' && s[at + 2] != '\0'))
		return false;
	if (n == 3 && digits[0] < 4)
		return false;
	close_section(f);
	if ((n == 3 && digits[0] > 5) || part[n - 1] > 31 || fn > 7) {
		pci_problem(
			f->pci,
			"line %zu: there is no such function; legal are domains of 4 or "
			"5 digits, devices 00 to 1f, functions 0 to 7: left out",
			f->line);
		return true;
	}
	f->s.open = true;
	f->s.cut = false;
	f->s.len = 0;
	f->s.segment = n == 3 ? part[0] : 0;
	f->s.rid = (uint16_t)(part[n - 2] << 8 | part[n - 1] << 3 | fn);
	return true;
}

static void cut(struct filter *f, const char *what)
{
	char name[PCI_NAME];

	f->s.cut = true;
	pci_problem(f->pci, "line %zu: %s: %s is read up to byte 0x%zx", f->line, what,
		    pci_name(name, f->s.segment, f->s.rid), f->s.len);
}

/* "xx: hh hh ..." or "xxx: ...": bytes, which must go on where the last ended. */
static void hex_line(struct filter *f, const char *s)
{
	uint32_t offset;
	size_t digits = hex_number(s, &offset);

	if (digits < 2 || s[digits] != ':' || s[digits + 1] != ' ' || f->s.cut)
		return;
	if (digits > 3 || offset != f->s.len) {
		cut(f, "these bytes do not follow on those before");
		return;
	}
	for (s += digits + 2; *s; s += 2 + (s[2] == ' ')) {
		int hi = hex_digit(s[0]), lo = hi < 0 ? -1 : hex_digit(s[1]);

		if (lo < 0 || (s[2] != ' ' && s[2] != '\0')) {
			cut(f, "not a byte in hexadecimal");
			return;
		}
		if (f->s.len == PCI_CONFIG_MAX) {
			cut(f, "more than 4096 bytes");
			return;
		}
		f->s.config[f->s.len++] = (uint8_t)(hi << 4 | lo);
	}
}

static void one_line(struct filter *f, const char *text, size_t len)
{
	char line[LINE_MAX_BYTES];

	f->line++;
	if (len && text[len - 1] == '\r')
		len--;
	if (!len) {
		close_section(f);
		return;
	}
	if (len >= sizeof(line) || memchr(text, '\0', len)) {
		pci_problem(f->pci, "line %zu: not a line of text: left out", f->line);
		return;
	}
	memcpy(line, text, len);
	line[len] = '\0';
	if (!header_line(f, line) && f->s.open)
		hex_line(f, line);
}

size_t pci_text_filter(struct smmu_pci *pci, const char *text, size_t len, FILE *out)
{
	struct filter f = { .pci = pci, .out = out };

	for (size_t at = 0; at < len;) {
		const char *end = memchr(text + at, '\n', len - at);
		size_t n = end ? (size_t)(end - text) - at : len - at;

		one_line(&f, text + at, n);
		at += n + 1;
	}
	close_section(&f);
	if (f.bare && f.functions)
		pci_problem(pci, "%zu functions without their registers: left out",
			    f.bare);
	return f.functions;
}
