/* SPDX-License-Identifier: MIT */
/* The ways in: the three forms of a dump, and sysfs. */
#include <ftw.h>
#include <sys/stat.h>
#include <unistd.h>
#include "pci/read.h"

static const char header[] = "00: ea 1d 01 00 00 00 10 00 00 00 00 02 00 00 00 00\n"
			     "10: 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00\n"
			     "20: 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00\n"
			     "30: 00 00 00 00 40 00 00 00 00 00 00 00 00 00 00 00\n";

/* The sample with only the first `bytes` of each function, as -x or -xxx prints it. */
static struct smmu_pci *shortened(const char *sample, unsigned bytes)
{
	size_t len;
	char *text = read_text(sample, &len), *out = text;
	struct smmu_pci *pci;
	unsigned offset;

	for (char *line = text, *next; *line; line = next) {
		next = strchr(line, '\n') + 1;
		if (sscanf(line, "%x: ", &offset) == 1 &&
		    line[2 + (line[2] != ':')] == ':' &&
		    !memchr(line, '.', (size_t)(next - line)) && offset >= bytes)
			continue;
		memmove(out, line, (size_t)(next - line));
		out += next - line;
	}
	*out = '\0';
	pci = must_read(text);
	free(text);
	return pci;
}

/* -xxx: bridges are known, ACS is not; and it is said. */
static void import_256_bytes(void **state)
{
	struct smmu_pci *pci = shortened("multi", 256);
	const struct smmu_pci_function *f = smmu_pci_function(pci, at(pci, "02:00.0"));

	(void)state;
	assert_int_equal(f->config_size, 256);
	assert_int_equal(f->kind, SMMU_PCI_ENDPOINT);
	assert_int_equal(f->acs, 0);
	assert_int_equal(f->isolation, SMMU_PCI_OPEN_NO_ACS);
	assert_true(complains(pci, "no extended configuration space"));
	smmu_pci_destroy(pci);
}

/* -x: only headers, so everything counts as conventional; and it is said. */
static void import_64_bytes(void **state)
{
	struct smmu_pci *pci = shortened("multi", 64);
	const struct smmu_pci_function *f = smmu_pci_function(pci, at(pci, "00:03.0"));

	(void)state;
	assert_int_equal(f->config_size, 64);
	assert_true(f->is_bridge);
	assert_int_equal(f->secondary, 1);
	assert_int_equal(f->kind, SMMU_PCI_CONVENTIONAL);
	assert_int_equal(f->isolation, SMMU_PCI_OPEN_CONVENTIONAL);
	assert_true(complains(pci, "only its header was read"));
	smmu_pci_destroy(pci);
}

/* What -v prints between, carriage returns, a last line without an end. */
static void import_other_lines(void **state)
{
	struct smmu_pci *pci;
	char text[1200], *cr = text;

	(void)state;
	(void)snprintf(text, sizeof(text),
		       "10000:02:1f.7 Unassigned class [ff00]: Device (rev 01)\n"
		       "\tSubsystem: Device 1dea:0001\n"
		       "\tRegion 0: Memory at 00: 11 22\n%s\n"
		       "Kernel driver in use: none\n\n03:00.0 X\n%.*s",
		       header, (int)strlen(header) - 1, header);
	pci = must_read(text);
	assert_int_equal(smmu_pci_count(pci), 2);
	assert_int_equal(smmu_pci_find(pci, 0x10000, 0x2ff), 1);
	assert_int_equal(smmu_pci_find(pci, 0, 0x300), 0);
	assert_int_equal(smmu_pci_find(pci, 0, 0x2ff), SMMU_PCI_NONE);
	assert_int_equal(smmu_pci_config(pci, 1, 0, 4), 0x00011dea);
	assert_int_equal(smmu_pci_config(pci, 1, 2, 1), 0x01);
	assert_int_equal(smmu_pci_config(pci, 1, 62, 4), UINT32_MAX); /* beyond */
	assert_int_equal(smmu_pci_config(pci, 1, 62, 2), 0);
	assert_int_equal(smmu_pci_config(pci, 1, 0, 3), UINT32_MAX);
	smmu_pci_destroy(pci);

	(void)snprintf(text, sizeof(text), "03:00.0 X\n%s", header);
	for (cr = text; (cr = strchr(cr, '\n')); cr += 2) {
		memmove(cr + 1, cr, strlen(cr) + 1);
		*cr = '\r';
	}
	pci = must_read(text);
	assert_int_equal(smmu_pci_count(pci), 1);
	assert_int_equal(smmu_pci_function(pci, 0)->config_size, 64);
	assert_true(complains(pci, "only its header was read"));
	assert_null(smmu_pci_problem(pci, 1));
	smmu_pci_destroy(pci);
}

/* ---- sysfs, from a tree of our own ----------------------------------------------------
 */

static void put_file(const char *folder, const char *name, const void *data, size_t len)
{
	char path[300];
	FILE *f;

	(void)snprintf(path, sizeof(path), "%s/%s", folder, name);
	f = fopen(path, "wb");
	assert_non_null(f);
	assert_int_equal(fwrite(data, 1, len, f), len);
	assert_int_equal(fclose(f), 0);
}

static void put_text(const char *folder, const char *name, const char *text)
{
	put_file(folder, name, text, strlen(text));
}

static int take_away(const char *path, const struct stat *st, int kind, struct FTW *ftw)
{
	(void)st;
	(void)kind;
	(void)ftw;
	return remove(path);
}

/* Every function of the sample, as the kernel shows it to root. */
static void put_tree(const char *root, const struct smmu_pci *pci)
{
	char folder[200];
	uint8_t config[4096];

	(void)snprintf(folder, sizeof(folder), "%s/devices", root);
	assert_int_equal(mkdir(folder, 0700), 0);
	for (size_t i = 0; i < smmu_pci_count(pci); i++) {
		const struct smmu_pci_function *f = smmu_pci_function(pci, i);

		if (f->implied)
			continue;
		for (unsigned b = 0; b < f->config_size; b++)
			config[b] = (uint8_t)smmu_pci_config(pci, i, b, 1);
		(void)snprintf(folder, sizeof(folder), "%s/devices/%04x:%02x:%02x.%x",
			       root, f->segment, f->rid >> 8, f->rid >> 3 & 0x1f,
			       f->rid & 7);
		assert_int_equal(mkdir(folder, 0700), 0);
		put_file(folder, "config", config, f->config_size);
		put_text(folder, "vendor", "0x1dea\n");
		put_text(folder, "device", "0x0001\n");
		put_text(folder, "class", "0x020000\n");
		put_text(folder, "irq", "0\n");
		put_text(folder, "resource", "");
	}
}

static void import_sysfs(void **state)
{
	struct smmu_pci *from = read_sample("server"), *pci = NULL;
	char root[] = "/tmp/smmu-pci-XXXXXX", why[256] = "";
	struct smmu_pci_group one[29], other[29];

	(void)state;
	assert_non_null(mkdtemp(root));
	put_tree(root, from);
	if (smmu_pci_from_sysfs(&pci, root, why, sizeof(why)))
		fail_msg("%s", why);
	assert_int_equal(smmu_pci_count(pci), 29);
	smmu_pci_groups(from, one);
	smmu_pci_groups(pci, other);
	for (size_t i = 0; i < 29; i++) {
		assert_int_equal(smmu_pci_function(pci, i)->rid,
				 smmu_pci_function(from, i)->rid);
		assert_int_equal(one[i].group, other[i].group);
	}
	smmu_pci_destroy(pci);
	smmu_pci_destroy(from);
	assert_int_equal(nftw(root, take_away, 8, FTW_DEPTH | FTW_PHYS), 0);
	/* libpci's own error handler would have ended this process. */
	pci = NULL;
	assert_int_equal(smmu_pci_from_sysfs(&pci, root, why, sizeof(why)), -EIO);
	assert_null(pci);
	assert_non_null(strstr(why, root));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(import_256_bytes),
		cmocka_unit_test(import_64_bytes),
		cmocka_unit_test(import_other_lines),
		cmocka_unit_test(import_sysfs),
	};

	return cmocka_run_group_tests_name("pci_import", tests, NULL, NULL);
}
