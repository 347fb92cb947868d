/* SPDX-License-Identifier: MIT */
/*
 * Any words as any layout: the input is a line as `smmulator decode` takes it, with
 * the letter of an assumption in front: "B ste 1 2 3". What parses must decode.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <smmulator/decode.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { MAX_STRINGS = 80 };

static const struct smmu_layout *find(char **strings, size_t n, size_t *used)
{
	*used = 1;
	if (n > 1 && strcmp(strings[0], "reg") == 0) {
		*used = 2;
		return smmu_layout_register(strings[1]);
	}
	return n ? smmu_layout_find(strings[0]) : NULL;
}

static void decode(char **strings, size_t n, unsigned flags)
{
	static FILE *nowhere;
	uint64_t dw[SMMU_LAYOUT_MAX_WORDS] = { 0 };
	const struct smmu_layout *layout;
	char why[64];
	size_t used;

	if (!nowhere)
		nowhere = fopen("/dev/null", "w");
	layout = find(strings, n, &used);
	if (!layout || !nowhere)
		return;
	if (smmu_decode_parse_hex(layout, n - used, (const char *const *)strings + used,
				  dw, why, sizeof(why))) {
		/* A refusal says why, in one terminated line. */
		if (!memchr(why, '\0', sizeof(why)) || !why[0])
			abort();
		return;
	}
	smmu_decode_text(nowhere, layout, dw, flags);
	smmu_decode_json(nowhere, layout, dw, flags);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *strings[MAX_STRINGS], *line, *rest;
	size_t n = 0;

	if (!size)
		return 0;
	line = malloc(size);
	if (!line)
		return 0;
	memcpy(line, data + 1, size - 1);
	line[size - 1] = '\0';
	for (char *s = strtok_r(line, " ", &rest); s && n < MAX_STRINGS;
	     s = strtok_r(NULL, " ", &rest))
		strings[n++] = s;
	decode(strings, n, data[0]);
	free(line);
	return 0;
}
