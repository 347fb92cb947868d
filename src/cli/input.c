/* SPDX-License-Identifier: MIT */
/* Reading a file as a whole, within bounds. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include "cli/cli.h"

/* Reads until the end, or one byte past the limit. */
static int read_all(FILE *in, size_t limit, char **data, size_t *len)
{
	size_t room = 0;

	*data = NULL;
	*len = 0;
	while (!feof(in) && !ferror(in) && *len <= limit) {
		if (*len == room) {
			char *more;

			room = room ? 2 * room : 65536;
			more = realloc(*data, room);
			if (!more)
				return ENOMEM;
			*data = more;
		}
		errno = 0;
		*len += fread(*data + *len, 1, room - *len, in);
	}
	if (ferror(in))
		return errno ? errno : EIO;
	return *len > limit ? EFBIG : 0;
}

int cli_read_file(const char *path, size_t limit, void **data, size_t *len)
{
	bool standard = strcmp(path, "-") == 0;
	FILE *in = standard ? stdin : fopen(path, "rb");
	char *bytes = NULL;
	int err;

	if (!in)
		return cli_complain("%s: %s", path, strerror(errno));
	err = read_all(in, limit, &bytes, len);
	if (!standard)
		fclose(in);
	if (err) {
		free(bytes);
		return cli_complain("%s: %s", path, strerror(err));
	}
	*data = bytes;
	return CLI_OK;
}
