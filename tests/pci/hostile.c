/* SPDX-License-Identifier: MIT */
/* Dumps with nonsense in them: read as far as they are sound, with a line that says so.
 */
#include "pci/read.h"

/* One dump under construction: functions of 512 bytes. */
struct draft {
	struct {
		char place[16];
		uint8_t config[512];
	} fn[300];
	size_t n;
};

static uint8_t *add(struct draft *d, const char *place)
{
	uint8_t *config = d->fn[d->n].config;

	(void)snprintf(d->fn[d->n++].place, sizeof(d->fn[0].place), "%s", place);
	config[0] = 0xea;
	config[1] = 0x1d;
	return config;
}

static uint8_t *add_bridge(struct draft *d, const char *place, uint8_t secondary,
			   uint8_t subordinate)
{
	uint8_t *config = add(d, place);

	config[0x0e] = 1;
	config[0x18] = (uint8_t)(rid_of(place) >> 8);
	config[0x19] = secondary;
	config[0x1a] = subordinate;
	return config;
}

/* A PCI Express capability of this type at 0x40, the only one. */
static uint8_t *express(uint8_t *config, unsigned type)
{
	config[6] |= 0x10;
	config[0x34] = 0x40;
	config[0x40] = 0x10;
	config[0x42] = (uint8_t)(type << 4 | 2);
	return config;
}

static struct smmu_pci *read_draft(struct draft *d)
{
	char *text = malloc(d->n * 2000 + 1), *end = text;
	struct smmu_pci *pci;

	assert_non_null(text);
	*text = '\0';
	for (size_t i = 0; i < d->n; i++) {
		end += sprintf(end, "%s X", d->fn[i].place);
		for (unsigned b = 0; b < 512; b++) {
			if (b % 16 == 0)
				end += sprintf(end, "\n%02x:", b);
			end += sprintf(end, " %02x", d->fn[i].config[b]);
		}
		end += sprintf(end, "\n\n");
	}
	pci = must_read(text);
	free(text);
	d->n = 0;
	memset(d, 0, sizeof(*d));
	return pci;
}

static struct draft *new_draft(void)
{
	struct draft *d = calloc(1, sizeof(*d));

	assert_non_null(d);
	return d;
}

static void hostile_capability_lists(void **state)
{
	struct draft *d = new_draft();
	struct smmu_pci *pci;
	uint8_t *c = express(add(d, "00:01.0"), 0);

	(void)state;
	c[0x41] = 0x80; /* a circle of two */
	c[0x80] = 0x05;
	c[0x81] = 0x40;
	c[0x100] = 0x0f; /* and one of an extended capability with itself */
	c[0x102] = 0x01;
	c[0x103] = 0x10;
	pci = read_draft(d);
	assert_true(complains(pci, "the capability list does not end"));
	assert_true(complains(pci, "the extended capability list does not end"));
	assert_int_equal(smmu_pci_function(pci, 0)->msi, 0x80);
	assert_int_equal(smmu_pci_function(pci, 0)->ats, 0x100);
	smmu_pci_destroy(pci);

	c = add(d, "00:01.0"); /* in the header, and where nothing was read */
	c[6] = 0x10;
	c[0x34] = 0x04;
	c[0x04] = 0x05;
	pci = read_draft(d);
	assert_true(complains(pci, "where none can be"));
	assert_int_equal(smmu_pci_function(pci, 0)->msi, 0);
	smmu_pci_destroy(pci);

	c = express(add(d, "00:01.0"), 0);
	c[0x100] = 0x0d; /* ACS, and behind it one that leads beyond */
	c[0x102] = 0x01;
	c[0x103] = 0x1f; /* 0x1f0: SR-IOV of which 16 bytes were read */
	c[0x1f0] = 0x10;
	c[0x1f2] = 0x01;
	c[0x1f3] = 0x20; /* 0x200 was not read */
	pci = read_draft(d);
	assert_true(complains(pci, "the SR-IOV capability at 0x1f0 was not read whole"));
	assert_int_equal(smmu_pci_function(pci, 0)->acs, 0x100);
	assert_int_equal(smmu_pci_function(pci, 0)->sriov, 0);
	smmu_pci_destroy(pci);
	free(d);
}

static void hostile_bus_numbers(void **state)
{
	struct draft *d = new_draft();
	struct smmu_pci_alias alias;
	struct smmu_pci *pci;

	(void)state;
	add_bridge(d, "00:01.0", 0, 0);
	add_bridge(d, "00:02.0", 5, 3);
	add_bridge(d, "00:03.0", 1, 4);
	add_bridge(d, "00:04.0", 1, 1);		  /* a second bridge to bus 1 */
	add_bridge(d, "01:00.0", 2, 9);		  /* more than its parent has */
	add_bridge(d, "02:00.0", 1, 1);		  /* a circle */
	add_bridge(d, "02:01.0", 2, 2);		  /* to itself */
	add_bridge(d, "02:02.0", 3, 3)[0x18] = 7; /* another's primary bus */
	add(d, "03:00.0");
	add(d, "04:00.0"); /* no bridge leads there, but it is within 1 and 2 */
	add(d, "f0:00.0"); /* within none */
	pci = read_draft(d);
	assert_true(
		complains(pci, "00:01.0: bus numbers 00 to 00: it has no bus below it"));
	assert_true(complains(pci, "00:02.0: bus numbers 05 to 03: its subordinate"));
	assert_true(complains(pci, "00:04.0: bus numbers 01 to 01: another bridge"));
	assert_true(complains(pci, "01:00.0: buses 02 to 09 are not within"));
	assert_true(complains(pci, "02:00.0: bus numbers 01 to 01: the bus below"));
	assert_true(complains(pci, "02:01.0: bus numbers 02 to 02: the bus below"));
	assert_true(
		complains(pci, "02:02.0: its primary bus is 07, but it is on bus 02"));
	assert_true(complains(pci, "no bridge leads to bus 04"));
	assert_int_equal(smmu_pci_function(pci, at(pci, "03:00.0"))->upstream,
			 at(pci, "02:02.0"));
	assert_int_equal(smmu_pci_function(pci, at(pci, "04:00.0"))->upstream,
			 at(pci, "01:00.0"));
	assert_int_equal(smmu_pci_function(pci, at(pci, "f0:00.0"))->upstream,
			 SMMU_PCI_NONE);
	assert_int_equal(smmu_pci_aliases(pci, at(pci, "03:00.0"), &alias, 1), 4);
	smmu_pci_destroy(pci);
	free(d);
}

/* As deep as it can be: 255 bridges, one below the other. */
static void hostile_depth(void **state)
{
	struct draft *d = new_draft();
	struct smmu_pci_group of[256];
	struct smmu_pci *pci;
	char place[16];

	(void)state;
	for (unsigned bus = 0; bus < 255; bus++) {
		(void)snprintf(place, sizeof(place), "%02x:00.0", bus);
		add_bridge(d, place, (uint8_t)(bus + 1), 255);
	}
	add(d, "ff:1f.7");
	pci = read_draft(d);
	assert_int_equal(smmu_pci_count(pci), 256);
	assert_int_equal(smmu_pci_path(pci, 255, NULL, 0), 255);
	assert_int_equal(smmu_pci_aliases(pci, 255, NULL, 0), 256);
	smmu_pci_groups(pci, of);
	assert_int_equal(of[255].group, 0);
	smmu_pci_destroy(pci);
	free(d);
}

/* SR-IOV at `offset` and `stride`, n VFs on. */
static uint8_t *sriov(uint8_t *c, unsigned offset, unsigned stride, unsigned n)
{
	express(c, 0)[0x100] = 0x10;
	c[0x102] = 1;
	c[0x108] = 1;
	c[0x110] = (uint8_t)n;
	c[0x111] = (uint8_t)(n >> 8);
	c[0x114] = (uint8_t)offset;
	c[0x115] = (uint8_t)(offset >> 8);
	c[0x116] = (uint8_t)stride;
	c[0x117] = (uint8_t)(stride >> 8);
	return c;
}

static void hostile_virtual_functions(void **state)
{
	struct draft *d = new_draft();
	struct smmu_pci *pci;

	(void)state;
	sriov(add(d, "00:01.0"), 0, 1, 2);
	sriov(add(d, "00:02.0"), 0x100, 0, 2);
	sriov(add(d, "fe:00.0"), 0x100, 0x80, 3); /* ff:00.0, ff:10.0, and beyond */
	sriov(add(d, "00:03.0"), 0x10, 1, 1);	  /* 00:05.0, which is a bridge */
	add_bridge(d, "00:05.0", 0x80, 0x80);
	sriov(add(d, "00:06.0"), 0x100, 1, 0);
	pci = read_draft(d);
	assert_true(complains(pci, "00:01.0: SR-IOV: VFs at offset 0"));
	assert_true(complains(pci, "00:02.0: SR-IOV: several VFs and a stride of 0"));
	assert_true(complains(pci, "fe:00.0: SR-IOV: VFs beyond bus ff"));
	assert_true(complains(pci, "00:05.0 is in the place of a VF and cannot be one"));
	assert_int_equal(smmu_pci_count(pci), 6 + 1 + 2);
	assert_true(smmu_pci_function(pci, at(pci, "01:02.0"))->is_vf);
	assert_true(smmu_pci_function(pci, at(pci, "ff:10.0"))->is_vf);
	assert_false(smmu_pci_function(pci, at(pci, "00:05.0"))->is_vf);
	smmu_pci_destroy(pci);

	/* Every id there is: no more functions than that. */
	sriov(add(d, "00:00.0"), 1, 1, 0xffff);
	sriov(add(d, "00:00.1"), 1, 1, 0xffff);
	pci = read_draft(d);
	assert_int_equal(smmu_pci_count(pci), 0x10000);
	smmu_pci_destroy(pci);
	free(d);
}

/* ---- The text itself -----------------------------------------------------------------
 */

#define ROW    " 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00\n"
#define HEADER "00:" ROW "10:" ROW "20:" ROW "30:" ROW

static void refused(const char *text, size_t len, const char *words)
{
	struct smmu_pci *pci = NULL;
	char why[300] = "";

	assert_int_equal(smmu_pci_from_dump(&pci, text, len, why, sizeof(why)), -EINVAL);
	assert_null(pci);
	if (!strstr(why, words))
		fail_msg("%s", why);
	assert_int_equal(smmu_pci_from_dump(&pci, text, len, NULL, 0), -EINVAL);
}

static void hostile_nothing_in_it(void **state)
{
	(void)state;
	refused("", 0, "legal is what `lspci -xxxx` prints");
	refused("00:00.0 Host bridge\n", 20, "no PCI function with its registers");
	refused("00:00.0 X\n00:" ROW, 13 + 48, "16 bytes, less than a header of 64");
	refused("\0\0\n", 3, "line 1: not a line of text");
	refused("x", SMMU_PCI_MAX_BYTES + 1, "legal are at most");
	refused("00:20.0 X\n" HEADER, strlen("00:20.0 X\n" HEADER),
		"line 1: there is no such function");
}

static void one(const char *text, size_t size, const char *words)
{
	struct smmu_pci *pci = must_read(text);

	assert_int_equal(smmu_pci_count(pci), 1);
	assert_int_equal(smmu_pci_function(pci, 0)->config_size, size);
	if (words && !complains(pci, words))
		fail_msg("%s: not %s", text, words);
	if (!words)
		assert_null(smmu_pci_problem(pci, 0));
	smmu_pci_destroy(pci);
}

/* libpci takes ffffffff for an index, and would write there. */
static void hostile_lines(void **state)
{
	char *longest = malloc(6000);

	(void)state;
	one("00:00.0 X\n" HEADER, 64, NULL);
	one("00:00.0 X\n" HEADER "40: 01 02\n", 66, NULL);
	one("00:00.0 X\n" HEADER "ffffffff: 00 00\n40:" ROW, 64, "line 6: these bytes");
	one("00:00.0 X\n" HEADER "1000: 00\n", 64, "line 6: these bytes do not follow");
	one("00:00.0 X\n" HEADER "50:" ROW, 64, "is read up to byte 0x40");
	one("00:00.0 X\n" HEADER HEADER, 64, "line 6: these bytes do not follow");
	one("00:00.0 X\n" HEADER "40: 01 zz 03\n", 65,
	    "line 6: not a byte in hexadecimal");
	one("00:00.0 X\n" HEADER "40: 0102\n", 64, "line 6: not a byte");
	one("00:00.0 X\n" HEADER "\n00:00.0 Y\n" HEADER, 64,
	    "0000:00:00.0 is there twice");
	one("00:00.0 X\n" HEADER "\n00:1f.8 Y\n" HEADER, 64, "line 7: there is no such");
	one("00:00.0 X\n" HEADER "\n00:ff.0 Y\n" HEADER, 64, "line 7: there is no such");
	one("00:00.0 X\n" HEADER "\n123456:00:1f.0 Y\n" HEADER, 64,
	    "line 7: there is no");
	one("00:00.0 X\n" HEADER "\n00:01.0 Y\n", 64,
	    "1 functions without their registers");
	one("00:00.0 X\n" HEADER "\n00:" ROW, 64, NULL); /* of no function */
	assert_non_null(longest);
	(void)snprintf(longest, 6000, "00:00.0 X\n\t%5000s\n" HEADER, "");
	one(longest, 64, "line 2: not a line of text");
	free(longest);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(hostile_capability_lists),
		cmocka_unit_test(hostile_bus_numbers),
		cmocka_unit_test(hostile_depth),
		cmocka_unit_test(hostile_virtual_functions),
		cmocka_unit_test(hostile_nothing_in_it),
		cmocka_unit_test(hostile_lines),
	};

	return cmocka_run_group_tests_name("pci_hostile", tests, NULL, NULL);
}
