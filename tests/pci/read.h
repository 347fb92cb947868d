/* SPDX-License-Identifier: MIT */
/* What the tests of pci/ share. */
#ifndef TESTS_PCI_READ_H
#define TESTS_PCI_READ_H

#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <smmulator/pci.h>

/* A sample as text; freed by the caller. */
char *read_text(const char *sample, size_t *len);
/* A sample as a hierarchy; asserts that it can be read. */
struct smmu_pci *read_sample(const char *sample);
/* "01:00.0" or "0001:01:00.0"; asserts that it is there. */
size_t at(const struct smmu_pci *pci, const char *place);
uint16_t rid_of(const char *place);
/* Whether some problem has this in it. */
bool complains(const struct smmu_pci *pci, const char *words);
struct smmu_pci *must_read(const char *text);

#endif
