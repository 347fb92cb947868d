/* SPDX-License-Identifier: MIT */
/*
 * The main job on any device tree, errors included: machine, driver, core, DMA. The
 * first byte changes the options; the tree is what follows, or, if the input begins as
 * a tree does, all of it.
 */
#include <getopt.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>
#include "cli/cli.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static int run_file(int fd, bool lenient, const char *preset)
{
	char path[64];
	char *argv[] = { (char[]){ "run" },
			 (char[]){ "--dtb" },
			 path,
			 (char[]){ "--no-bench" },
			 (char[]){ "--json" },
			 (char[]){ "--domain=all" },
			 (char[]){ "--pages=1" },
			 (char[]){ "--functions=1" },
			 (char[]){ "--preset" },
			 (char[8]){ "" },
			 (char[]){ "--lenient" },
			 NULL };
	int argc = (int)(sizeof(argv) / sizeof(argv[0])) - 1;

	(void)snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	(void)snprintf(argv[9], 8, "%s", preset);
	if (!lenient)
		argv[--argc] = NULL;
	optind = 0; /* getopt starts anew */
	return cmd_run.run(argc, argv);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const char *const presets[] = { "v3.2", "v3.0", "full", "mmu600" };
	unsigned choice = 0;
	int fd, status;

	if (!size)
		return 0;
	if (data[0] != 0xd0) {
		choice = data[0];
		data++;
		size--;
	}
	fd = memfd_create("board", 0);
	if (fd < 0 || write(fd, data, size) != (ssize_t)size)
		abort();
	status = run_file(fd, choice & 4, presets[choice & 3]);
	if (status < CLI_OK || status > CLI_INPUT)
		abort();
	close(fd);
	return 0;
}
