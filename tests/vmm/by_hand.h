/* SPDX-License-Identifier: MIT */
/* A guest of two devices that a test programs by hand, at 3 and at 20. */
#ifndef TESTS_VMM_BY_HAND_H
#define TESTS_VMM_BY_HAND_H

#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <string.h>
#include <cmocka.h>
#include "vmm/vm.h"

#define IOVA UINT64_C(0x7fff5000)
#define DATA (VM_RAM + UINT64_C(0x200000))

struct bench {
	struct rig host;
	struct vm vm;
	struct host_commands seen;
};

static inline void setup_with(struct bench *b, struct smmu_config cfg,
			      void (*tweak)(struct vmm_config *config))
{
	memset(b, 0, sizeof(*b));
	rig_up(&b->host, &cfg);
	b->vm = (struct vm){ .host = &b->host };
	vm_assign(&b->host, &b->vm, 0x10, 3);
	vm_assign(&b->host, &b->vm, 0x11, 20);
	vm_make(&b->vm, tweak);
	raw_init(&b->vm);
}

static inline void setup(struct bench *b)
{
	setup_with(b, vm_host_config(), NULL);
}

static inline void teardown(struct bench *b)
{
	vm_destroy(&b->vm);
	rig_down(&b->host);
}

static inline unsigned status(struct bench *b, size_t i, uint64_t iova)
{
	uint64_t word = 0x55;

	return vm_dma(&b->vm, i, iova, true, &word).status;
}

static inline uint64_t s1(struct bench *b)
{
	return raw_stage1(&b->vm, IOVA, DATA);
}

/* Installs stage 1 at vSID 3 and enables. */
static inline uint64_t translate(struct bench *b)
{
	uint64_t cd = s1(b), ste[2];

	raw_ste_s1(ste, cd);
	raw_ste(&b->vm, 3, ste[0], ste[1]);
	raw_enable(&b->vm, true);
	assert_int_equal(status(b, 0, IOVA), SMMU_OK);
	return cd;
}

static inline void with_ats(struct vmm_config *config)
{
	config->ats = true;
	config->sid_bits = 8;
	config->queue_bits = 6;
}

#endif /* TESTS_VMM_BY_HAND_H */
