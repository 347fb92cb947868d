/* SPDX-License-Identifier: MIT */
/* A program that was built without libpci cannot read dumps: run says so. */
#include "cli/run.h"

const struct run_pci_ops *const run_pci_ops = NULL;
