/* SPDX-License-Identifier: MIT */
/*
 * The main job on any dump of PCI functions: a board for them, driver, core, DMA, and
 * what their configuration spaces have. Whatever the dump says, it is refused or all is
 * as expected. The first byte chooses the kind of SMMU, if it is not one that a dump
 * begins with.
 */
#include <getopt.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>
#include "cli/cli.h"
#include "dump.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static int run_file(int fd, const char *preset)
{
	char path[64];
	char *argv[] = { (char[]){ "run" },
			 (char[]){ "--pci" },
			 path,
			 (char[]){ "--no-bench" },
			 (char[]){ "--json" },
			 (char[]){ "--domain=dma" },
			 (char[]){ "--pages=1" },
			 (char[]){ "--preset" },
			 (char[8]){ "" },
			 NULL };
	const int argc = (int)(sizeof(argv) / sizeof(argv[0])) - 1;

	(void)snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	(void)snprintf(argv[8], 8, "%s", preset);
	optind = 0; /* getopt starts anew */
	return cmd_run.run(argc, argv);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const char *const presets[] = { "mmu700", "full", "mmu600", "v3.2" };
	unsigned choice = 0;
	char *text = NULL;
	size_t len = 0;
	int fd, status;

	if (!size)
		return 0;
	if (data[0] < 8) {
		choice = data[0] & 3;
		if (data[0] & 4)
			text = fuzz_dump(data + 1, size - 1, &len);
		data++;
		size--;
	}
	fd = memfd_create("dump", 0);
	if (fd < 0 || write(fd, text ? text : (const char *)data, text ? len : size) < 0)
		abort();
	free(text);
	status = run_file(fd, presets[choice]);
	if (status != CLI_OK && status != CLI_INPUT)
		abort();
	close(fd);
	return 0;
}
