/* SPDX-License-Identifier: MIT */
/*
 * Several IOMMU drivers in one system, each with habits of its own: one like
 * virtio-iommu (endpoints of a device that is itself on the bus, identity made per
 * domain), one like an SMMUv2 (stream-match registers with masks, few of them, shared
 * by overlap), one like Apple's DART (a device behind two instances at once).
 * CORE-8, 10, 11, 15, 16, 27, 37, 51, 56, 58.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <smmulator/iommu.h>

/* ---- what they share ---- */

/* What a driver keeps for a device: its ids and where they point. */
struct port {
	struct iommu_domain *domain;
	uint32_t id[4];
	uint32_t num;
	int smr; /* SMMUv2: its stream-match register */
};

struct paging {
	struct iommu_domain d;
	const void *made_for; /* the instance, where that matters */
};

static struct port *port(struct iommu_dev *dev)
{
	return iommu_dev_priv(dev);
}

static struct port *port_new(struct iommu_dev *dev, const struct iommu_fwspec *fwspec)
{
	struct port *p = calloc(1, sizeof(*p));

	assert_non_null(p);
	assert_true(fwspec->num_ids <= 4);
	p->num = fwspec->num_ids;
	memcpy(p->id, fwspec->ids, p->num * sizeof(p->id[0]));
	assert_int_equal(iommu_dev_set_priv(dev, p), 0);
	return p;
}

static void port_free(struct iommu_dev *dev)
{
	free(port(dev));
	assert_int_equal(iommu_dev_set_priv(dev, NULL), 0);
}

static int point_at(struct iommu_domain *d, struct iommu_dev *dev,
		    struct iommu_domain *old)
{
	(void)old;
	port(dev)->domain = d;
	return 0;
}

static void free_paging(struct iommu_domain *d)
{
	free(IOMMU_CONTAINER_OF(d, struct paging, d));
}

static int alloc_paging(struct iommu_dev *dev, struct iommu_domain **out)
{
	struct paging *p = calloc(1, sizeof(*p));

	assert_non_null(p);
	p->d.pgsize_bitmap = 0x1000;
	p->d.aperture_last = UINT32_MAX;
	p->made_for = iommu_dev_instance(dev);
	*out = &p->d;
	return 0;
}

static const struct iommu_domain_ops plain_ops = {
	.attach_dev = point_at,
	.free = free_paging,
};

/* ---- virtio-iommu ---- */

static int vio_probe(struct iommu_dev *dev, const struct iommu_fwspec *fwspec,
		     struct iommu_instance **inst)
{
	*inst = iommu_instance_find(iommu_dev_system(dev), fwspec->fwnode);
	port_new(dev, fwspec);
	return 0;
}

static int one_cell(struct iommu_dev *dev, struct iommu_fwspec *fwspec,
		    const struct iommu_fw_args *args)
{
	(void)dev;
	return args->count == 1 ? iommu_fwspec_add_ids(fwspec, args->args, 1) : -EINVAL;
}

static int alloc_identity(struct iommu_dev *dev, struct iommu_domain **out)
{
	return alloc_paging(dev, out);
}

static const struct iommu_ops vio = {
	.name = "virtio-iommu",
	.probe_device = vio_probe,
	.release_device = port_free,
	.device_group = iommu_generic_device_group,
	.of_xlate = one_cell,
	.domain_alloc_paging = alloc_paging,
	.domain_alloc_identity = alloc_identity,
	.default_domain_ops = &plain_ops,
};

/* ---- an SMMUv2: two stream-match registers in all ---- */

enum { SMRS = 2, SMR_USERS = 4 };
static struct smr {
	uint16_t id, mask;
	struct iommu_dev *user[SMR_USERS];
} smr[SMRS];

static int users(const struct smr *s)
{
	int n = 0;

	for (int i = 0; i < SMR_USERS; i++)
		n += s->user[i] != NULL;
	return n;
}

static void swap_user(struct smr *s, struct iommu_dev *from, struct iommu_dev *to)
{
	for (int i = 0; i < SMR_USERS; i++)
		if (s->user[i] == from) {
			s->user[i] = to;
			return;
		}
	fail_msg("no such user of a stream-match register");
}

/* Streams match where mask is 0. */
static bool overlap(const struct smr *s, uint16_t id, uint16_t mask)
{
	return ((s->id ^ id) & ~(s->mask | mask)) == 0;
}

static bool inside(const struct smr *s, uint16_t id, uint16_t mask)
{
	return (mask & ~s->mask) == 0 && ((s->id ^ id) & ~s->mask) == 0;
}

/* The register that serves these streams; -EINVAL: half of one; -ENOSPC: none left. */
static int find_smr(uint16_t id, uint16_t mask)
{
	int free_one = -ENOSPC;

	for (int i = 0; i < SMRS; i++) {
		if (!users(&smr[i]))
			free_one = free_one < 0 ? i : free_one;
		else if (inside(&smr[i], id, mask))
			return i;
		else if (overlap(&smr[i], id, mask))
			return -EINVAL;
	}
	return free_one;
}

/* Cells: id, mask. */
static int id_and_mask(struct iommu_dev *dev, struct iommu_fwspec *fwspec,
		       const struct iommu_fw_args *args)
{
	uint32_t both = args->args[0] | args->args[1] << 16;

	(void)dev;
	return args->count == 2 ? iommu_fwspec_add_ids(fwspec, &both, 1) : -EINVAL;
}

static int v2_probe(struct iommu_dev *dev, const struct iommu_fwspec *fwspec,
		    struct iommu_instance **inst)
{
	uint16_t id = (uint16_t)fwspec->ids[0], mask = (uint16_t)(fwspec->ids[0] >> 16);
	int i = find_smr(id, mask);

	if (i < 0)
		return i;
	if (!users(&smr[i])) {
		smr[i].id = id;
		smr[i].mask = mask;
	}
	swap_user(&smr[i], NULL, dev);
	port_new(dev, fwspec)->smr = i;
	*inst = iommu_instance_find(iommu_dev_system(dev), fwspec->fwnode);
	return 0;
}

static void v2_release(struct iommu_dev *dev)
{
	swap_user(&smr[port(dev)->smr], dev, NULL);
	port_free(dev);
}

/* CORE-37: streams that one register matches cannot be told apart. */
static int v2_group(struct iommu_dev *dev, struct iommu_group **group)
{
	const struct smr *s = &smr[port(dev)->smr];

	for (int i = 0; i < SMR_USERS; i++) {
		if (!s->user[i] || s->user[i] == dev)
			continue;
		*group = iommu_group_ref(s->user[i]);
		return 0;
	}
	return iommu_generic_device_group(dev, group);
}

static struct iommu_domain_ops v2_static_ops = { .attach_dev = point_at };
static struct iommu_domain v2_identity = { .type = IOMMU_DOMAIN_IDENTITY,
					   .ops = &v2_static_ops };
static struct iommu_domain v2_blocked = { .type = IOMMU_DOMAIN_BLOCKED,
					  .ops = &v2_static_ops };

static const struct iommu_ops v2 = {
	.name = "smmuv2",
	.probe_device = v2_probe,
	.release_device = v2_release,
	.device_group = v2_group,
	.of_xlate = id_and_mask,
	.domain_alloc_paging = alloc_paging,
	.identity_domain = &v2_identity,
	.blocked_domain = &v2_blocked,
	.release_domain = &v2_blocked,
	.default_domain_ops = &plain_ops,
};

/* ---- a DART: a device behind two of them; both are programmed or none ---- */

enum { DARTS = 2, DART_STREAMS = 4 };
static struct {
	struct iommu_fwnode *fwnode;
	struct iommu_domain *stream[DART_STREAMS];
	bool broken; /* refuses the next write */
} dart[DARTS];

/* The fwspec remembers the first instance only (CORE-16): the id says which. */
static int dart_xlate(struct iommu_dev *dev, struct iommu_fwspec *fwspec,
		      const struct iommu_fw_args *args)
{
	(void)dev;
	for (uint32_t i = 0; i < DARTS; i++) {
		uint32_t id = i << 16 | args->args[0];

		if (args->fwnode == dart[i].fwnode)
			return iommu_fwspec_add_ids(fwspec, &id, 1);
	}
	return -EINVAL;
}

static int dart_write(uint32_t id, struct iommu_domain *d)
{
	if (dart[id >> 16].broken)
		return -EIO;
	dart[id >> 16].stream[id & 0xffff] = d;
	return 0;
}

static int dart_attach(struct iommu_domain *d, struct iommu_dev *dev,
		       struct iommu_domain *old)
{
	struct port *p = port(dev);

	(void)old;
	for (uint32_t i = 0; i < p->num; i++) {
		if (dart_write(p->id[i], d) == 0)
			continue;
		/* On an error the device is still in `old`: in all of its instances. */
		while (i-- > 0)
			assert_int_equal(dart_write(p->id[i], p->domain), 0);
		return -EIO;
	}
	p->domain = d;
	return 0;
}

/* CORE-65: knows without touching anything. */
static int dart_test(struct iommu_domain *d, struct iommu_dev *dev, uint32_t pasid,
		     struct iommu_domain *old)
{
	const struct paging *p = IOMMU_CONTAINER_OF(d, struct paging, d);

	(void)pasid;
	(void)old;
	return p->made_for == iommu_dev_instance(dev) ? 0 : -EINVAL;
}

static struct iommu_domain_ops dart_paging_ops = {
	.attach_dev = dart_attach,
	.test_dev = dart_test,
	.free = free_paging,
};
static struct iommu_domain_ops dart_static_ops = { .attach_dev = dart_attach };
static struct iommu_domain dart_identity = { .type = IOMMU_DOMAIN_IDENTITY,
					     .ops = &dart_static_ops };
static struct iommu_domain dart_blocked = { .type = IOMMU_DOMAIN_BLOCKED,
					    .ops = &dart_static_ops };

/* A bus that cannot do its pages: such a DART is never translated by default. */
static unsigned dart_wish(struct iommu_dev *dev)
{
	return port(dev)->num > 1 ? IOMMU_DOMAIN_IDENTITY : 0;
}

static const struct iommu_ops dart_ops = {
	.name = "dart",
	.probe_device = vio_probe,
	.release_device = port_free,
	.device_group = iommu_generic_device_group,
	.of_xlate = dart_xlate,
	.def_domain_type = dart_wish,
	.domain_alloc_paging = alloc_paging,
	.identity_domain = &dart_identity,
	.blocked_domain = &dart_blocked,
	.release_domain = &dart_blocked,
	.default_domain_ops = &dart_paging_ops,
};

/* ---- one system with all of them ---- */

enum { VIO, V2, DART0, DART1, INSTANCES };

/* What firmware says: up to two references. */
struct ref {
	int inst; /* -1: none */
	uint32_t count, cell[2];
};

struct sys {
	struct iommu_system *sys;
	struct iommu_fwnode *fwnode[INSTANCES];
	struct iommu_instance inst[INSTANCES];
	struct {
		struct sys *s;
		struct ref ref[2];
	} fw[8];
	int devs;
};

static int describe(void *ctx, struct iommu_dev *dev, struct iommu_fwspec *fwspec)
{
	const struct sys *s = *(struct sys **)ctx;
	const struct ref *ref = NULL;
	int err = -ENODEV;

	for (int i = 0; i < s->devs; i++)
		if (ctx == &s->fw[i])
			ref = s->fw[i].ref;
	for (int i = 0; ref && i < 2 && ref[i].inst >= 0; i++) {
		struct iommu_fw_args args = { .fwnode = s->fwnode[ref[i].inst],
					      .count = ref[i].count };

		memcpy(args.args, ref[i].cell, sizeof(ref[i].cell));
		err = iommu_fwspec_xlate(dev, fwspec, &args);
		if (err)
			return err;
	}
	return err;
}

static const struct iommu_fw_ops fw_ops = { .describe = describe };

static struct sys *sys_create(void)
{
	static const struct iommu_ops *const ops[] = { &vio, &v2, &dart_ops, &dart_ops };
	static const char *const names[] = { "vio", "v2", "dart0", "dart1" };
	struct sys *s = calloc(1, sizeof(*s));

	assert_non_null(s);
	memset(smr, 0, sizeof(smr));
	memset(dart, 0, sizeof(dart));
	assert_int_equal(iommu_system_create(&s->sys, NULL), 0);
	for (int i = 0; i < INSTANCES; i++) {
		s->fwnode[i] = iommu_fwnode_create(names[i]);
		assert_non_null(s->fwnode[i]);
		s->inst[i] = (struct iommu_instance){ .name = names[i],
						      .ops = ops[i],
						      .fwnode = s->fwnode[i] };
	}
	dart[0].fwnode = s->fwnode[DART0];
	dart[1].fwnode = s->fwnode[DART1];
	return s;
}

static void sys_register(struct sys *s, int i)
{
	assert_int_equal(iommu_instance_register(s->sys, &s->inst[i]), 0);
}

static struct sys *sys_full(void)
{
	struct sys *s = sys_create();

	for (int i = 0; i < INSTANCES; i++)
		sys_register(s, i);
	return s;
}

static void sys_destroy(struct sys *s)
{
	for (int i = 0; i < INSTANCES; i++)
		iommu_instance_unregister(&s->inst[i]);
	iommu_system_destroy(s->sys);
	for (int i = 0; i < INSTANCES; i++) {
		assert_int_equal(iommu_fwnode_refs(s->fwnode[i]), 1);
		iommu_fwnode_put(s->fwnode[i]);
	}
	for (int i = 0; i < SMRS; i++)
		assert_int_equal(users(&smr[i]), 0);
	free(s);
}

static struct iommu_dev *add2(struct sys *s, const char *name, struct ref one,
			      struct ref two)
{
	struct iommu_dev_desc desc = { .name = name, .fw = &fw_ops };
	struct iommu_dev *dev;
	int slot = s->devs++;

	s->fw[slot].s = s;
	s->fw[slot].ref[0] = one;
	s->fw[slot].ref[1] = two;
	desc.fw_ctx = &s->fw[slot];
	assert_int_equal(iommu_dev_add(s->sys, &desc, &dev), 0);
	return dev;
}

static struct iommu_dev *add(struct sys *s, const char *name, struct ref ref)
{
	return add2(s, name, ref, (struct ref){ .inst = -1 });
}

static struct ref vio_ref(uint32_t id)
{
	return (struct ref){ .inst = VIO, .count = 1, .cell = { id } };
}

static struct ref v2_ref(uint32_t id, uint32_t mask)
{
	return (struct ref){ .inst = V2, .count = 2, .cell = { id, mask } };
}

static struct ref dart_ref(int n, uint32_t id)
{
	return (struct ref){ .inst = DART0 + n, .count = 1, .cell = { id } };
}

static struct iommu_group *group_of(struct iommu_dev *dev)
{
	struct iommu_group *group = iommu_group_get(dev);

	assert_non_null(group);
	iommu_group_put(group); /* the device holds it */
	return group;
}

static struct iommu_domain *domain_of(struct iommu_dev *dev)
{
	struct iommu_domain *d;

	assert_int_equal(iommu_paging_domain_alloc(dev, 0, &d), 0);
	return d;
}

/* CORE-8, CORE-55: every device with its own driver; domains do not cross. */
static void drivers_side_by_side(void **state)
{
	struct sys *s = sys_full();
	struct iommu_dev *a = add(s, "a", vio_ref(1)), *b = add(s, "b", v2_ref(2, 0));
	struct iommu_dev *c = add(s, "c", dart_ref(0, 3));
	struct iommu_domain *d = domain_of(a), *made;

	(void)state;
	assert_ptr_equal(iommu_dev_instance(a), &s->inst[VIO]);
	assert_ptr_equal(iommu_dev_instance(b), &s->inst[V2]);
	assert_ptr_equal(iommu_dev_instance(c), &s->inst[DART0]);
	assert_int_equal(iommu_attach_device(d, b), -EINVAL);
	assert_int_equal(iommu_attach_device(d, c), -EINVAL);
	assert_int_equal(iommu_attach_device(&v2_blocked, c), -EINVAL);
	assert_int_equal(iommu_attach_device(d, a), 0);
	assert_ptr_equal(port(a)->domain, d);
	iommu_detach_device(d, a);
	/* CORE-51: an identity made for one device, and a shared one. */
	assert_int_equal(iommu_identity_domain_alloc(a, &made), 0);
	assert_int_equal(made->type, IOMMU_DOMAIN_IDENTITY);
	assert_int_equal(iommu_attach_device(made, a), 0);
	iommu_detach_device(made, a);
	iommu_domain_free(made);
	assert_int_equal(iommu_identity_domain_alloc(b, &made), 0);
	assert_ptr_equal(made, &v2_identity);
	iommu_domain_free(d);
	sys_destroy(s);
}

/* CORE-51, CORE-73: no blocked domain: an empty paging one stands in. */
static void vio_blocks_by_an_empty_domain(void **state)
{
	struct sys *s = sys_full();
	struct iommu_dev *a = add(s, "a", vio_ref(1));
	struct iommu_group_state st;
	int me;

	(void)state;
	assert_int_equal(iommu_group_claim_dma_owner(group_of(a), &me), 0);
	iommu_group_get_state(group_of(a), &st);
	assert_int_equal(st.blocking_domain->type, IOMMU_DOMAIN_UNMANAGED);
	assert_ptr_equal(port(a)->domain, st.blocking_domain);
	assert_ptr_not_equal(st.blocking_domain, st.default_domain);
	iommu_group_release_dma_owner(group_of(a));
	assert_ptr_equal(port(a)->domain, st.default_domain);
	sys_destroy(s);
}

/* CORE-10, CORE-11: they come late and one by one, and go without the others. */
static void drivers_come_and_go(void **state)
{
	struct sys *s = sys_create();
	struct iommu_dev *a = add(s, "a", vio_ref(1)), *b = add(s, "b", v2_ref(2, 0));

	(void)state;
	assert_int_equal(iommu_dev_configure(b), -IOMMU_EPROBE_DEFER);
	sys_register(s, VIO);
	assert_true(iommu_dev_has_iommu(a));
	assert_false(iommu_dev_has_iommu(b));
	sys_register(s, V2);
	assert_true(iommu_dev_has_iommu(b));
	iommu_instance_unregister(&s->inst[VIO]);
	assert_false(iommu_dev_has_iommu(a));
	assert_true(iommu_dev_has_iommu(b));
	sys_register(s, VIO);
	assert_true(iommu_dev_has_iommu(a));
	sys_destroy(s);
}

/* CORE-37: streams of one register are one group. */
static void smr_masks_make_groups(void **state)
{
	struct sys *s = sys_full();
	struct iommu_dev *a = add(s, "a", v2_ref(0x100, 0xf));
	struct iommu_dev *b = add(s, "b", v2_ref(0x103, 0));
	struct iommu_dev *c = add(s, "c", v2_ref(0x200, 0));
	struct iommu_domain *d = domain_of(a);

	(void)state;
	assert_ptr_equal(group_of(a), group_of(b));
	assert_ptr_not_equal(group_of(a), group_of(c));
	assert_int_equal(iommu_attach_device(d, a), -EINVAL); /* CORE-54: not alone */
	assert_int_equal(iommu_attach_group(d, group_of(a)), 0);
	assert_ptr_equal(port(b)->domain, d);
	assert_ptr_not_equal(port(c)->domain, d);
	iommu_detach_group(d, group_of(a));
	/* Its first member goes; the group stays with the other. */
	iommu_dev_remove(a);
	assert_int_equal(iommu_attach_group(d, group_of(b)), 0);
	iommu_detach_group(d, group_of(b));
	iommu_domain_free(d);
	sys_destroy(s);
}

/* CORE-27: what the driver's probe says is what the caller gets; nothing is left. */
static void smr_conflicts(void **state)
{
	struct sys *s = sys_full();
	struct iommu_dev *a = add(s, "a", v2_ref(0x100, 0xf)), *b, *c, *d;

	(void)state;
	b = add(s, "b", v2_ref(0x108, 0xf0)); /* half of a's */
	assert_int_equal(iommu_dev_configure(b), -EINVAL);
	c = add(s, "c", v2_ref(0x300, 0));
	assert_true(iommu_dev_has_iommu(c));
	d = add(s, "d", v2_ref(0x400, 0)); /* two registers in all */
	assert_int_equal(iommu_dev_configure(d), -ENOSPC);
	assert_int_equal(iommu_fwnode_refs(s->fwnode[V2]), 3); /* mine, a's, c's */
	iommu_dev_remove(a);
	assert_int_equal(iommu_dev_configure(d), 0);
	/* One cell where two are wanted. */
	a = add(s, "short", (struct ref){ .inst = V2, .count = 1, .cell = { 1 } });
	assert_int_equal(iommu_dev_configure(a), -EINVAL);
	sys_destroy(s);
}

/* CORE-15, CORE-16: two instances of one driver; the first is remembered. */
static void dart_pair(void **state)
{
	struct sys *s = sys_full();
	struct iommu_dev *a = add2(s, "a", dart_ref(0, 1), dart_ref(1, 2));
	struct iommu_dev *mixed = add2(s, "mixed", dart_ref(0, 3), vio_ref(4));
	struct iommu_domain *d = domain_of(a);

	(void)state;
	assert_ptr_equal(iommu_dev_instance(a), &s->inst[DART0]);
	assert_int_equal(port(a)->num, 2);
	assert_ptr_equal(dart[0].stream[1], &dart_identity); /* its wish, CORE-41 */
	assert_ptr_equal(dart[1].stream[2], &dart_identity);
	assert_int_equal(iommu_dev_configure(mixed), -EINVAL);
	assert_int_equal(iommu_attach_device(d, a), 0);
	assert_ptr_equal(dart[0].stream[1], d);
	assert_ptr_equal(dart[1].stream[2], d);
	iommu_detach_device(d, a);
	iommu_domain_free(d);
	sys_destroy(s);
}

/* CORE-15: the second instance is not there yet: later, not half. */
static void dart_waits_for_both(void **state)
{
	struct sys *s = sys_create();
	struct iommu_dev *a;

	(void)state;
	sys_register(s, DART0);
	a = add2(s, "a", dart_ref(0, 1), dart_ref(1, 2));
	assert_int_equal(iommu_dev_configure(a), -IOMMU_EPROBE_DEFER);
	assert_int_equal(iommu_fwnode_refs(s->fwnode[DART0]), 1);
	sys_register(s, DART1);
	assert_true(iommu_dev_has_iommu(a));
	assert_int_equal(port(a)->num, 2);
	sys_destroy(s);
}

/* CORE-56, CORE-58: the second instance fails: the device is where it was, in both. */
static void dart_half_fails(void **state)
{
	struct sys *s = sys_full();
	struct iommu_dev *a = add2(s, "a", dart_ref(0, 1), dart_ref(1, 2));
	struct iommu_domain *d = domain_of(a);

	(void)state;
	dart[1].broken = true;
	assert_int_equal(iommu_attach_device(d, a), -EIO);
	assert_ptr_equal(dart[0].stream[1], &dart_identity);
	assert_ptr_equal(dart[1].stream[2], &dart_identity);
	assert_ptr_equal(port(a)->domain, &dart_identity);
	dart[1].broken = false;
	assert_int_equal(iommu_attach_device(d, a), 0);
	iommu_detach_device(d, a);
	iommu_domain_free(d);
	sys_destroy(s);
}

/* CORE-69: a domain of the other instance: refused before anything is written. */
static void dart_domain_of_the_other(void **state)
{
	struct sys *s = sys_full();
	struct iommu_dev *a = add(s, "a", dart_ref(0, 1)),
			 *b = add(s, "b", dart_ref(1, 2));
	struct iommu_domain *d = domain_of(a), *before = dart[1].stream[2];

	(void)state;
	assert_int_equal(iommu_attach_device(d, b), -EINVAL);
	assert_ptr_equal(dart[1].stream[2], before);
	iommu_domain_free(d);
	sys_destroy(s);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(drivers_side_by_side),
		cmocka_unit_test(vio_blocks_by_an_empty_domain),
		cmocka_unit_test(drivers_come_and_go),
		cmocka_unit_test(smr_masks_make_groups),
		cmocka_unit_test(smr_conflicts),
		cmocka_unit_test(dart_pair),
		cmocka_unit_test(dart_waits_for_both),
		cmocka_unit_test(dart_half_fails),
		cmocka_unit_test(dart_domain_of_the_other),
	};

	return cmocka_run_group_tests_name("core_drivers", tests, NULL, NULL);
}
