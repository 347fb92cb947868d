/* SPDX-License-Identifier: MIT */
#include "pci/read.h"

char *read_text(const char *sample, size_t *len)
{
	char path[256], *text;
	long size;
	FILE *f;

	(void)snprintf(path, sizeof(path), "%s/%s.txt", DUMPS, sample);
	f = fopen(path, "rb");
	assert_non_null(f);
	assert_int_equal(fseek(f, 0, SEEK_END), 0);
	size = ftell(f);
	assert_true(size > 0);
	rewind(f);
	text = malloc((size_t)size + 1);
	assert_non_null(text);
	*len = fread(text, 1, (size_t)size, f);
	assert_int_equal(*len, size);
	text[size] = '\0';
	fclose(f);
	return text;
}

struct smmu_pci *read_sample(const char *sample)
{
	size_t len;
	char *text = read_text(sample, &len);
	struct smmu_pci *pci = must_read(text);

	free(text);
	return pci;
}

struct smmu_pci *must_read(const char *text)
{
	struct smmu_pci *pci = NULL;
	char why[256] = "";
	int err = smmu_pci_from_dump(&pci, text, strlen(text), why, sizeof(why));

	if (err)
		fail_msg("%s", why);
	return pci;
}

uint16_t rid_of(const char *place)
{
	unsigned bus, dev, fn;

	assert_int_equal(sscanf(place, "%x:%x.%x", &bus, &dev, &fn), 3);
	return (uint16_t)(bus << 8 | dev << 3 | fn);
}

size_t at(const struct smmu_pci *pci, const char *place)
{
	unsigned segment = 0;
	size_t index;

	if (strlen(place) == 12) {
		assert_int_equal(sscanf(place, "%x:", &segment), 1);
		place += 5;
	}
	index = smmu_pci_find(pci, segment, rid_of(place));
	if (index == SMMU_PCI_NONE)
		fail_msg("%s is not there", place);
	return index;
}

bool complains(const struct smmu_pci *pci, const char *words)
{
	const char *problem;

	for (size_t i = 0; (problem = smmu_pci_problem(pci, i)); i++)
		if (strstr(problem, words))
			return true;
	return false;
}
