/* SPDX-License-Identifier: MIT */
/* Page faults that a user reads and answers (CORE-157 to CORE-160, CORE-163). */
#include <stdlib.h>
#include <smmulator/iommu_fault.h>
#include <smmulator/iommu_pci.h>
#include "user/box.h"

#define MAX_ANSWERS 16

static struct {
	uint32_t grpid;
	unsigned code;
} answers[MAX_ANSWERS];
static unsigned num_answers;

static void respond(struct iommu_dev *dev, const struct iommu_page_request *last,
		    unsigned code)
{
	(void)dev;
	assert_true(num_answers < MAX_ANSWERS);
	answers[num_answers].grpid = last->grpid;
	answers[num_answers++].code = code;
}

struct fbox {
	struct box b;
	struct iommu_iopf_queue *queue;
	uint32_t fault, ioas, hwpt;
};

static uint32_t new_fault(struct box *b)
{
	struct iommu_fault_alloc cmd = { .size = sizeof(cmd) };

	assert_int_equal(iommufd_fault_alloc(b->ctx, &cmd), 0);
	assert_int_equal(cmd.out_fault_fd, cmd.out_fault_id);
	return cmd.out_fault_id;
}

static int new_hwpt(struct fbox *f, uint32_t *id)
{
	struct iommu_hwpt_alloc cmd = { .size = sizeof(cmd),
					.flags = IOMMU_HWPT_FAULT_ID_VALID,
					.dev_id = f->b.dev_id,
					.pt_id = f->ioas,
					.fault_id = f->fault };
	int err = iommufd_hwpt_alloc(f->b.ctx, &cmd);

	*id = cmd.out_hwpt_id;
	return err;
}

static void fbox_init(struct fbox *f)
{
	num_answers = 0;
	box_init(&f->b);
	f->b.w->drv[0].ops.page_response = respond;
	assert_int_equal(iommu_iopf_queue_create(&f->queue, false), 0);
	assert_int_equal(iommu_iopf_queue_add_device(f->queue, f->b.dev), 0);
	f->fault = new_fault(&f->b);
	f->ioas = box_ioas(&f->b);
	assert_int_equal(new_hwpt(f, &f->hwpt), 0);
	assert_int_equal(box_attach(&f->b, f->b.dev_id, 0, f->hwpt), 0);
}

static void fbox_fini(struct fbox *f)
{
	iommufd_ctx_destroy(f->b.ctx);
	iommu_iopf_queue_destroy(f->queue);
	assert_int_equal(f->b.pinned, 0);
	world_destroy(f->b.w);
}

static void report(struct fbox *f, uint32_t grpid, uint64_t addr, bool last)
{
	const struct iommu_page_request request = {
		.flags = last ? IOMMU_PRQ_LAST : 0,
		.grpid = grpid,
		.perm = IOMMU_PRQ_WRITE,
		.addr = addr,
	};

	assert_int_equal(iommu_report_device_fault(f->b.dev, &request), 0);
}

static int64_t rd(struct fbox *f, void *buf, size_t n)
{
	return iommufd_read(f->b.ctx, f->fault, uptr(buf), n, 0);
}

static int64_t wr(struct fbox *f, const void *buf, size_t n)
{
	return iommufd_write(f->b.ctx, f->fault, uptr(buf), n, 0);
}

/* CORE-157, CORE-158: whole groups, in order, and what they say. */
static void fault_read(void **state)
{
	struct iommu_hwpt_pgfault r[4];
	struct fbox f;

	(void)state;
	fbox_init(&f);
	assert_int_equal(iommufd_poll(f.b.ctx, f.fault), IOMMUFD_WRITABLE);
	assert_int_equal(rd(&f, r, sizeof(r)), 0);
	report(&f, 7, 0x1000, false);
	report(&f, 7, 0x2000, true);
	report(&f, 9, 0x3000, true);
	assert_int_equal(f.b.readies, 1);
	assert_int_equal(iommufd_poll(f.b.ctx, f.fault),
			 IOMMUFD_WRITABLE | IOMMUFD_READABLE);
	assert_int_equal(rd(&f, r, 39), -ESPIPE);
	assert_int_equal(rd(&f, r, 41), -ESPIPE);
	assert_int_equal(iommufd_read(f.b.ctx, f.fault, uptr(r), sizeof(r), 40), -ESPIPE);
	assert_int_equal(rd(&f, r, 40), 0); /* half a group */
	assert_int_equal(iommufd_read(f.b.ctx, f.fault, BAD_UADDR, 80, 0), -EFAULT);
	assert_int_equal(rd(&f, r, 120), 120);
	assert_int_equal(r[0].flags, 0);
	assert_int_equal(r[0].addr, 0x1000);
	assert_int_equal(r[1].flags, IOMMU_PGFAULT_FLAGS_LAST_PAGE);
	assert_int_equal(r[1].addr, 0x2000);
	assert_int_equal(r[1].grpid, 7);
	assert_int_equal(r[1].perm, IOMMU_PGFAULT_PERM_WRITE);
	assert_int_equal(r[1].dev_id, f.b.dev_id);
	assert_int_equal(r[0].cookie, r[1].cookie);
	assert_int_equal(r[2].grpid, 9);
	assert_true(r[2].cookie != r[0].cookie);
	assert_int_equal(iommufd_poll(f.b.ctx, f.fault), IOMMUFD_WRITABLE);
	assert_int_equal(num_answers, 0);
	fbox_fini(&f);
	assert_int_equal(num_answers, 2); /* who goes answers */
}

/* CORE-158: what could not be copied comes first the next time. */
static void fault_read_fails(void **state)
{
	struct iommu_hwpt_pgfault r[4];
	struct fbox f;

	(void)state;
	fbox_init(&f);
	report(&f, 1, 0x1000, true);
	report(&f, 2, 0x2000, true);
	assert_int_equal(iommufd_read(f.b.ctx, f.fault, BAD_UADDR, 80, 0), -EFAULT);
	assert_int_equal(rd(&f, r, 80), 80);
	assert_int_equal(r[0].grpid, 1);
	assert_int_equal(r[1].grpid, 2);
	fbox_fini(&f);
}

/* CORE-159 */
static void fault_write(void **state)
{
	struct iommu_hwpt_page_response w[3];
	struct iommu_hwpt_pgfault r[4];
	struct fbox f;

	(void)state;
	fbox_init(&f);
	for (uint32_t i = 0; i < 4; i++)
		report(&f, i, 0x1000, true);
	assert_int_equal(rd(&f, r, sizeof(r)), sizeof(r));
	w[0] = (struct iommu_hwpt_page_response){ r[0].cookie, 2 };
	assert_int_equal(wr(&f, w, 7), -ESPIPE);
	assert_int_equal(wr(&f, w, 9), -ESPIPE);
	assert_int_equal(iommufd_write(f.b.ctx, f.fault, uptr(w), 8, 8), -ESPIPE);
	assert_int_equal(wr(&f, w, 8), -EINVAL); /* no such code */
	assert_int_equal(iommufd_write(f.b.ctx, f.fault, BAD_UADDR, 8, 0), -EFAULT);
	w[0] = (struct iommu_hwpt_page_response){ 4711, IOMMUFD_PAGE_RESP_SUCCESS };
	assert_int_equal(wr(&f, w, 8), -EINVAL); /* no such group */
	assert_int_equal(num_answers, 0);
	/* Those before a wrong one stay done. */
	w[0] = (struct iommu_hwpt_page_response){ r[2].cookie,
						  IOMMUFD_PAGE_RESP_INVALID };
	w[1] = (struct iommu_hwpt_page_response){ r[0].cookie,
						  IOMMUFD_PAGE_RESP_SUCCESS };
	w[2] = (struct iommu_hwpt_page_response){ r[1].cookie, 9 };
	assert_int_equal(wr(&f, w, 24), 16);
	assert_int_equal(num_answers, 2);
	assert_int_equal(answers[0].grpid, 2);
	assert_int_equal(answers[0].code, IOMMU_PAGE_INVALID);
	assert_int_equal(answers[1].grpid, 0);
	assert_int_equal(answers[1].code, IOMMU_PAGE_SUCCESS);
	/* Each once. */
	assert_int_equal(wr(&f, w, 8), -EINVAL);
	assert_int_equal(wr(&f, w, 0), 0);
	fbox_fini(&f);
	assert_int_equal(num_answers, 4);
}

/* CORE-160: detach and replace answer what is outstanding, read or not, with INVALID. */
static void fault_detach_answers(void **state)
{
	struct iommu_hwpt_page_response w;
	struct iommu_hwpt_pgfault r;
	uint32_t other, pt;
	struct fbox f;

	(void)state;
	fbox_init(&f);
	assert_int_equal(new_hwpt(&f, &other), 0);
	report(&f, 1, 0x1000, true);
	report(&f, 2, 0x1000, true);
	assert_int_equal(rd(&f, &r, 40), 40);
	pt = other;
	assert_int_equal(iommufd_device_replace(f.b.ctx, f.b.dev_id, 0, &pt), 0);
	assert_int_equal(num_answers, 2);
	assert_int_equal(answers[0].code, IOMMU_PAGE_INVALID);
	assert_int_equal(answers[1].code, IOMMU_PAGE_INVALID);
	w = (struct iommu_hwpt_page_response){ r.cookie, IOMMUFD_PAGE_RESP_SUCCESS };
	assert_int_equal(wr(&f, &w, 8), -EINVAL); /* too late */
	assert_int_equal(rd(&f, &r, 40), 0);
	report(&f, 3, 0x1000, true); /* of the new one */
	assert_int_equal(iommufd_device_detach(f.b.ctx, f.b.dev_id, 0), 0);
	assert_int_equal(num_answers, 3);
	assert_int_equal(answers[2].code, IOMMU_PAGE_INVALID);
	/* Attached to nothing: the core's answer. */
	const struct iommu_page_request request = { .flags = IOMMU_PRQ_LAST, .grpid = 4 };
	assert_int_equal(iommu_report_device_fault(f.b.dev, &request), -EINVAL);
	assert_int_equal(num_answers, 4);
	fbox_fini(&f);
}

/* CORE-157: an HWPT holds its fault object. */
static void fault_object_is_held(void **state)
{
	struct fbox f;

	(void)state;
	fbox_init(&f);
	assert_int_equal(box_destroy(&f.b, f.fault), -EBUSY);
	assert_int_equal(iommufd_device_detach(f.b.ctx, f.b.dev_id, 0), 0);
	assert_int_equal(box_destroy(&f.b, f.hwpt), 0);
	assert_int_equal(box_destroy(&f.b, f.fault), 0);
	assert_int_equal(rd(&f, &f, 0), -ENOENT);
	fbox_fini(&f);
}

/* Two devices, one queue: each group says whose it is, and goes with its own device. */
static void fault_of_two_devices(void **state)
{
	struct iommu_hwpt_pgfault r[2];
	struct iommu_page_request request = { .flags = IOMMU_PRQ_LAST, .grpid = 21 };
	struct iommu_dev *dev2;
	uint32_t id2;
	struct fbox f;

	(void)state;
	fbox_init(&f);
	dev2 = world_dev(f.b.w, "dev2", 0, 2);
	assert_int_equal(iommufd_device_bind(f.b.ctx, dev2, &id2), 0);
	assert_int_equal(iommu_iopf_queue_add_device(f.queue, dev2), 0);
	assert_int_equal(box_attach(&f.b, id2, 0, f.hwpt), 0);
	report(&f, 20, 0x1000, true);
	assert_int_equal(iommu_report_device_fault(dev2, &request), 0);
	assert_int_equal(rd(&f, r, 80), 80);
	assert_int_equal(r[0].dev_id, f.b.dev_id);
	assert_int_equal(r[1].dev_id, id2);
	assert_int_equal(iommufd_device_detach(f.b.ctx, f.b.dev_id, 0), 0);
	assert_int_equal(num_answers, 1);
	assert_int_equal(answers[0].grpid, 20);
	fbox_fini(&f);
}

/* ---- CORE-163: a VF whose PF asks for pages ---- */

/* A configuration space: PRI is the first extended capability, or there is none. */
static uint32_t with_pri(void *ctx, uint16_t offset, unsigned size)
{
	(void)ctx;
	(void)size;
	return offset == 0x100 ? 0x10000 | IOMMU_PCI_EXT_PRI : 0;
}

static uint32_t without_pri(void *ctx, uint16_t offset, unsigned size)
{
	(void)ctx;
	(void)offset;
	(void)size;
	return 0;
}

static void no_write(void *ctx, uint16_t offset, unsigned size, uint32_t value)
{
	(void)ctx;
	(void)offset;
	(void)size;
	(void)value;
}

static void fault_of_a_vf(void **state)
{
	static const struct {
		bool vf, pri;
		int err;
	} cases[] = { { false, false, 0 },
		      { false, true, 0 },
		      { true, false, 0 },
		      { true, true, -EINVAL } };

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		const struct iommu_pci_config config = { cases[i].pri ? with_pri
								      : without_pri,
							 no_write, NULL };
		struct iommu_dev_desc desc = { .name = "fn",
					       .bus = IOMMU_BUS_PCI,
					       .rid = 0x400,
					       .pci_config = config };
		uint32_t plain, pt;
		struct fbox f;

		fbox_init(&f);
		if (cases[i].vf)
			desc.pci_pf_config = config;
		f.b.w->fw[5] = (struct td_fw){ .n = 1,
					       .fwnode = { f.b.w->fwnode[0] },
					       .id = { 9 } };
		assert_int_equal(iommufd_device_bind(f.b.ctx, world_add(f.b.w, &desc, 5),
						     &f.b.dev_id),
				 0);
		assert_int_equal(new_hwpt(&f, &f.hwpt), 0);
		assert_int_equal(box_attach(&f.b, f.b.dev_id, 0, f.hwpt), cases[i].err);
		/* Without faults it is welcome. */
		assert_int_equal(box_hwpt(&f.b, f.ioas, 0, &plain), 0);
		if (cases[i].err) {
			assert_int_equal(box_attach(&f.b, f.b.dev_id, 0, plain), 0);
			pt = f.hwpt;
			assert_int_equal(
				iommufd_device_replace(f.b.ctx, f.b.dev_id, 0, &pt),
				-EINVAL);
		}
		fbox_fini(&f);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(fault_read),
		cmocka_unit_test(fault_read_fails),
		cmocka_unit_test(fault_write),
		cmocka_unit_test(fault_detach_answers),
		cmocka_unit_test(fault_object_is_held),
		cmocka_unit_test(fault_of_two_devices),
		cmocka_unit_test(fault_of_a_vf),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
