/* SPDX-License-Identifier: MIT */
#include "dump.h"
#include <stdio.h>

/* As many as hang together in interesting ways: text costs its length. */
enum { MAX_FUNCTIONS = 40 };

static void put_line(FILE *out, unsigned offset, const uint8_t bytes[16])
{
	static const char digits[] = "0123456789abcdef";
	char hex[16 * 3];

	for (unsigned i = 0; i < 16; i++) {
		hex[3 * i] = ' ';
		hex[3 * i + 1] = digits[bytes[i] >> 4];
		hex[3 * i + 2] = digits[bytes[i] & 15];
	}
	fprintf(out, "\n%02x:", offset);
	(void)fwrite(hex, 1, sizeof(hex), out);
}

static size_t put_one(FILE *out, const uint8_t *data, size_t size)
{
	uint8_t config[0x200] = { 0xea, 0x1d };
	size_t at = 3;

	config[0x06] = 0x10;
	config[0x34] = 0x40;
	config[0x40] = 0x10;
	for (unsigned n = data[2] % 32; n && at + 3 <= size; n--, at += 3)
		config[(data[at] | (unsigned)data[at + 1] << 8) % sizeof(config)] =
			data[at + 2];
	fprintf(out, "%02x:%02x.%x X", data[1], data[0] >> 3, data[0] & 7);
	for (unsigned i = 0; i < sizeof(config); i += 16)
		put_line(out, i, &config[i]);
	fputs("\n\n", out);
	return at;
}

char *fuzz_dump(const uint8_t *data, size_t size, size_t *len)
{
	char *text = NULL;
	FILE *out = open_memstream(&text, len);

	if (!out)
		return NULL;
	for (size_t at = 0, n = 0; at + 3 <= size && n < MAX_FUNCTIONS; n++)
		at += put_one(out, data + at, size - at);
	return fclose(out) ? NULL : text;
}
