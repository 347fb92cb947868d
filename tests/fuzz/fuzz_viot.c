/* SPDX-License-Identifier: MIT */
/* The same for the other table. */
#define FUZZ_SIGNATURE "VIOT"
#include "fuzz_iort.c"
