/* SPDX-License-Identifier: MIT */
/* Groups and their default domain (CORE-3, CORE-29, CORE-37 to CORE-49). */
#include "core/double.h"

static struct iommu_dev *function(struct world *w, const char *name, uint16_t rid,
				  const uint16_t *aliases, size_t n, uint16_t segment)
{
	struct iommu_dev_desc desc = { .name = name,
				       .bus = IOMMU_BUS_PCI,
				       .segment = segment,
				       .rid = rid,
				       .aliases = aliases,
				       .num_aliases = n };

	w->fw[0] = (struct td_fw){ .n = 1 };
	w->fw[0].fwnode[0] = w->fwnode[0];
	return world_add(w, &desc, 0);
}

static bool same_group(struct iommu_dev *a, struct iommu_dev *b)
{
	struct iommu_group *ga = iommu_group_get(a), *gb = iommu_group_get(b);
	bool same = ga == gb;

	assert_non_null(ga);
	iommu_group_put(ga);
	iommu_group_put(gb);
	return same;
}

/* CORE-37 */
static void group_generic_one_per_device(void **state)
{
	struct world *w = world_create(NULL);
	struct iommu_dev *a, *b, *none;

	(void)state;
	world_register(w, 0);
	a = world_dev(w, "a", 0, 1);
	b = world_dev(w, "b", 0, 1);
	none = world_dev(w, "none", -1, 0);
	assert_false(same_group(a, b));
	assert_null(iommu_group_get(none));
	world_destroy(w);
}

/* CORE-38 (1), (5): an id in common, in either direction; never across segments. */
static void group_pci_aliases(void **state)
{
	struct world *w = world_create(NULL);
	const uint16_t bridge[] = { 0x100 }, other[] = { 0x300, 0x200 };
	struct iommu_dev *a, *b, *c, *d, *e, *f;

	(void)state;
	world_register(w, 0);
	a = function(w, "a", 0x108, bridge, 1, 0);
	b = function(w, "b", 0x110, bridge, 1, 0);
	c = function(w, "c", 0x100, NULL, 0, 0);
	assert_true(same_group(a, b)); /* alias = alias */
	assert_true(same_group(a, c)); /* alias = own id */
	d = function(w, "d0", 0x200, NULL, 0, 0);
	e = function(w, "e", 0x201, other, 2, 0);
	assert_false(same_group(a, d));
	assert_true(same_group(d, e));
	f = function(w, "f", 0x200, NULL, 0, 1);
	assert_false(same_group(d, f));
	assert_int_equal(state_of(a).num_devs, 3); /* CORE-3 */
	world_destroy(w);
}

/* A function of a hierarchy, its bridges from the nearest on. */
static struct iommu_dev *below(struct world *w, const char *name, uint16_t rid,
			       const struct iommu_pci_hop *path, size_t n)
{
	struct iommu_dev_desc desc = { .name = name,
				       .bus = IOMMU_BUS_PCI,
				       .rid = rid,
				       .path = path,
				       .num_hops = n,
				       .pci_isolates = true };

	w->fw[0] = (struct td_fw){ .n = 1 };
	w->fw[0].fwnode[0] = w->fwnode[0];
	return world_add(w, &desc, 0);
}

/* CORE-38 (1): the group of a bridge that lends its id, though no id is in common. */
static void group_pci_bridges(void **state)
{
	const struct iommu_pci_hop path[] = { { 0x210, true, false, false },
					      { 0x008, false, true, false } };
	struct world *w = world_create(NULL);
	struct iommu_dev *bridge, *a, *b, *c;
	struct iommu_pci_hop other = path[0];

	(void)state;
	world_register(w, 0);
	bridge = below(w, "bridge", 0x210, &path[1], 1);
	a = below(w, "a", 0x300, path, 2);
	b = below(w, "b", 0x308, path, 2);
	assert_true(same_group(bridge, a));
	assert_true(same_group(bridge, b));
	/* One that lends none, and isolates: nothing to do with it. */
	other.shares = false;
	other.isolates = true;
	c = below(w, "c", 0x310, &other, 1);
	assert_false(same_group(bridge, c));
	world_destroy(w);
}

/* CORE-38 (2): up to where every bridge to the root isolates. */
static void group_pci_upstream(void **state)
{
	struct iommu_pci_hop path[] = { { 0x200, false, true, false },
					{ 0x100, false, false, false },
					{ 0x008, false, true, false } };
	struct world *w = world_create(NULL);
	struct iommu_dev *root, *up, *down, *a, *b;

	(void)state;
	world_register(w, 0);
	root = below(w, "root", 0x008, NULL, 0);
	up = below(w, "up", 0x100, &path[2], 1);
	down = below(w, "down", 0x200, &path[1], 2);
	a = below(w, "a", 0x300, path, 3);
	assert_false(same_group(root, up));
	assert_true(same_group(up, down)); /* up does not isolate ... */
	assert_true(same_group(up, a));	   /* ... so it helps nobody that down does */
	path[1].isolates = true;
	b = below(w, "b", 0x308, path, 3);
	assert_false(same_group(b, up));
	/* A bridge that the core does not know has no group: the next one up counts. */
	path[0] = (struct iommu_pci_hop){ 0x400, false, false, false };
	path[1].isolates = false;
	a = below(w, "c", 0x500, path, 3);
	assert_true(same_group(up, a));
	world_destroy(w);
}

/* CORE-38 (3): either of two on a bus may be the one with the quirk. */
static void group_pci_quirk_peers(void **state)
{
	const uint16_t alias[] = { 0x101, 0x008 };
	struct world *w = world_create(NULL);
	struct iommu_dev_desc desc = { .name = "c",
				       .bus = IOMMU_BUS_PCI,
				       .rid = 0x110,
				       .aliases = alias,
				       .num_aliases = 2,
				       .num_quirk_aliases = 3 };
	struct iommu_dev *a, *b, *c, *d, *refused;

	(void)state;
	world_register(w, 0);
	a = below(w, "a", 0x100, NULL, 0);
	b = below(w, "b", 0x101, NULL, 0);
	assert_false(same_group(a, b));
	assert_int_equal(iommu_dev_add(w->sys, &desc, &refused), -EINVAL);
	desc.num_quirk_aliases = 1;
	w->fw[0] = (struct td_fw){ .n = 1 };
	w->fw[0].fwnode[0] = w->fwnode[0];
	c = world_add(w, &desc, 0);
	assert_true(same_group(b, c));
	iommu_dev_remove(b);
	d = below(w, "d", 0x101, NULL, 0); /* whose id is c's quirk alias */
	assert_true(same_group(c, d));
	assert_false(same_group(a, d));
	world_destroy(w);
}

static struct iommu_dev *sibling(struct world *w, const char *name, uint16_t rid,
				 bool isolates, bool multifunction)
{
	struct iommu_dev_desc desc = { .name = name,
				       .bus = IOMMU_BUS_PCI,
				       .rid = rid,
				       .pci_isolates = isolates,
				       .pci_multifunction = multifunction };

	w->fw[0] = (struct td_fw){ .n = 1 };
	w->fw[0].fwnode[0] = w->fwnode[0];
	return world_add(w, &desc, 0);
}

/* CORE-38 (4): functions of one slot that do not isolate; others are left alone. */
static void group_pci_slot(void **state)
{
	struct world *w = world_create(NULL);
	const struct iommu_pci_hop unknown = { 0x101, false, false, true };
	struct iommu_dev *a, *b, *c, *d, *e;

	(void)state;
	world_register(w, 0);
	a = sibling(w, "a", 0x100, true, true);
	b = sibling(w, "b", 0x102, false, true);
	assert_false(same_group(a, b));
	c = sibling(w, "c", 0x107, false, true);
	assert_true(same_group(b, c));
	d = sibling(w, "d", 0x108, false, true); /* the next slot */
	assert_false(same_group(c, d));
	e = sibling(w, "e", 0x103, false,
		    false); /* a VF's place: no sibling of anybody */
	assert_false(same_group(c, e));
	e = sibling(w, "f", 0x202, false, true); /* another bus */
	assert_false(same_group(c, e));
	/* Below a bridge of that slot which the core does not know. */
	e = below(w, "g", 0x300, &unknown, 1);
	assert_true(same_group(b, e));
	world_destroy(w);
}

/* CORE-39: the last reference frees; the group outlives its devices until then. */
static void group_lives_by_references(void **state)
{
	struct world *w = world_create(NULL);
	struct iommu_dev *a;
	struct iommu_group *g;
	struct iommu_group_state s;
	struct iommu_domain *d;

	(void)state;
	world_register(w, 0);
	a = world_dev(w, "a", 0, 1);
	g = iommu_group_get(a);
	d = world_domain(a);
	iommu_dev_remove(a);
	iommu_group_get_state(g, &s);
	assert_int_equal(s.num_devs, 0);
	assert_null(s.domain); /* CORE-32 */
	assert_null(s.default_domain);
	assert_int_equal(iommu_attach_group(d, g), -EINVAL);
	iommu_domain_free(d);
	iommu_group_put(g); /* ASan sees a leak or a double free */
	world_destroy(w);
}

static int visit(struct iommu_dev *dev, void *ctx)
{
	char *seen = ctx;

	strcat(seen, iommu_dev_name(dev));
	return !strcmp(iommu_dev_name(dev), "b") && strlen(seen) > 2 ? 42 : 0;
}

/* CORE-40 */
static void group_for_each_stops(void **state)
{
	struct world *w = world_create(NULL);
	struct iommu_dev *a, *b;
	struct iommu_group *g;
	char seen[8] = "", again[8] = "x";

	(void)state;
	world_register(w, 0);
	g = world_pair(w, &a, &b);
	function(w, "c", 0x100, NULL, 0, 0);
	assert_int_equal(iommu_group_for_each_dev(g, visit, seen), 0);
	assert_string_equal(seen, "abc");
	assert_int_equal(iommu_group_for_each_dev(g, visit, again), 42);
	assert_string_equal(again, "xab");
	world_destroy(w);
}

/* CORE-43: the system's default where nobody wishes; both of them. */
static void default_follows_system(void **state)
{
	struct iommu_system_config cfg = { .default_domain_type = IOMMU_DOMAIN_IDENTITY };
	struct iommu_system *sys;
	struct world *w = world_create(NULL);
	struct iommu_dev *a;

	(void)state;
	world_register(w, 0);
	a = world_dev(w, "a", 0, 1);
	assert_int_equal(state_of(a).default_domain->type, IOMMU_DOMAIN_DMA);
	assert_int_equal(state_of(a).default_domain->cookie_kind, IOMMU_COOKIE_DMA_IOVA);
	assert_ptr_equal(state_of(a).domain, td(a)->cur); /* CORE-45 */
	world_destroy(w);

	w = world_create(&cfg);
	world_register(w, 0);
	a = world_dev(w, "a", 0, 1);
	assert_ptr_equal(state_of(a).domain, &w->drv[0].identity);
	/* It cannot do identity: falls back to DMA, and says so. */
	w->drv[0].ops.identity_domain = NULL;
	a = world_dev(w, "b", 0, 1);
	assert_int_equal(state_of(a).domain->type, IOMMU_DOMAIN_DMA);
	assert_int_equal(w->notices, 1);
	/* A type that was wished is not replaced by another. */
	a = world_dev(w, "ci", 0, 1);
	assert_false(iommu_dev_has_iommu(a));
	assert_int_equal(iommu_probe_device(a), -EOPNOTSUPP);
	world_destroy(w);

	cfg.default_domain_type = IOMMU_DOMAIN_UNMANAGED;
	assert_int_equal(iommu_system_create(&sys, &cfg), -EINVAL);
}

/* CORE-41, CORE-42: wishes of several devices, and an untrusted one. */
static void default_combines_wishes(void **state)
{
	struct world *w = world_create(NULL);
	struct iommu_dev *a, *b;

	(void)state;
	world_register(w, 0);
	a = world_dev(w, "ai", 0, 1);
	b = world_dev(w, "bd", 0, 1);
	assert_ptr_equal(td(a)->cur, &w->drv[0].identity);
	assert_int_equal(td(b)->cur->type, IOMMU_DOMAIN_DMA);
	iommu_instance_unregister(&w->inst[0].inst);

	/* IDENTITY against DMA in one group: identity, with a notice. */
	a = function(w, "xd", 0x400, NULL, 0, 0);
	b = function(w, "xi", 0x400, NULL, 0, 0);
	world_register(w, 0);
	assert_true(same_group(a, b));
	assert_ptr_equal(td(a)->cur, &w->drv[0].identity);
	assert_int_equal(w->notices, 1);
	iommu_instance_unregister(&w->inst[0].inst);
	/* ... in either order. */
	a = function(w, "yi", 0x500, NULL, 0, 0);
	b = function(w, "yd", 0x500, NULL, 0, 0);
	world_register(w, 0);
	assert_true(same_group(a, b));
	assert_ptr_equal(td(a)->cur, &w->drv[0].identity);
	assert_ptr_equal(td(b)->cur, &w->drv[0].identity);
	assert_int_equal(w->notices, 3); /* the first pair's again, and this one's */
	world_destroy(w);
}

static struct iommu_dev *untrusted(struct world *w, const char *name, uint16_t rid)
{
	struct iommu_dev_desc desc = {
		.name = name, .bus = IOMMU_BUS_PCI, .rid = rid, .untrusted = true
	};

	w->fw[0] = (struct td_fw){ .n = 1 };
	w->fw[0].fwnode[0] = w->fwnode[0];
	return world_add(w, &desc, 0);
}

/* CORE-41, CORE-42: untrusted means DMA, whatever the system's default. */
static void default_untrusted_gets_dma(void **state)
{
	struct iommu_system_config cfg = { .default_domain_type = IOMMU_DOMAIN_IDENTITY };
	struct world *w = world_create(&cfg);
	struct iommu_dev *a, *b;

	(void)state;
	world_register(w, 0);
	a = untrusted(w, "a", 1);
	assert_int_equal(td(a)->cur->type, IOMMU_DOMAIN_DMA);
	b = untrusted(w, "bd", 2);
	assert_int_equal(td(b)->cur->type, IOMMU_DOMAIN_DMA);
	b = untrusted(w, "ci", 3); /* the driver wants identity: conflict */
	assert_false(iommu_dev_has_iommu(b));
	assert_int_equal(iommu_probe_device(b), -EINVAL);
	world_destroy(w);
}

/* CORE-41, CORE-43: a driver whose default domain is one static object. */
static void default_static_domain(void **state)
{
	struct iommu_system_config cfg = { .default_domain_type = IOMMU_DOMAIN_IDENTITY };
	struct world *w = world_create(&cfg);
	struct iommu_dev *a;

	(void)state;
	w->drv[0].ops.default_domain = &w->drv[0].identity;
	w->def_type = IOMMU_DOMAIN_DMA; /* not asked any more */
	world_register(w, 0);
	a = world_dev(w, "a", 0, 1);
	assert_ptr_equal(td(a)->cur, &w->drv[0].identity);
	/* An untrusted device would need another one. */
	a = untrusted(w, "b", 7);
	assert_false(iommu_dev_has_iommu(a));
	assert_int_equal(iommu_probe_device(a), -EINVAL);
	world_destroy(w);
}

/* CORE-44 */
static void default_asks_for_pasid(void **state)
{
	struct world *w = world_create(NULL);
	struct iommu_dev_desc desc = { .name = "p", .pasid_num_bits = 3 };
	struct iommu_dev *a;

	(void)state;
	world_register(w, 0);
	a = world_dev(w, "a", 0, 1); /* no PASID: no flag */
	assert_int_equal(tdom(td(a)->cur)->flags, 0);
	a = world_add(w, &desc, 0);
	assert_int_equal(tdom(td(a)->cur)->flags, IOMMU_ALLOC_PASID);
	world_fail(w, "alloc_flags", NULL, -EOPNOTSUPP, 0, 1);
	desc.name = "q";
	a = world_add(w, &desc, 0);
	assert_int_equal(tdom(td(a)->cur)->flags, 0);
	/* Any other error is not asked twice. */
	world_fail(w, "alloc_flags", NULL, -ENOSPC, 0, 2);
	desc.name = "r";
	a = world_add(w, &desc, 0);
	assert_false(iommu_dev_has_iommu(a));
	assert_int_equal(iommu_probe_device(a), -ENOSPC);
	world_destroy(w);
}

static void set_resv(struct world *w, uint64_t start, uint64_t length,
		     enum iommu_resv_type type)
{
	w->resv[w->num_resv++] =
		(struct iommu_resv_region){ start, length, IOMMU_READ | IOMMU_WRITE,
					    type };
}

/* CORE-45, CORE-114: firmware's regions are mapped before the attach. */
static void default_maps_direct(void **state)
{
	struct world *w = world_create(NULL);
	struct iommu_domain *dma;
	struct iommu_dev *a;

	(void)state;
	set_resv(w, 0x10000, 0x3000, IOMMU_RESV_DIRECT);
	set_resv(w, 0x11000, 0x4000, IOMMU_RESV_DIRECT_RELAXABLE); /* overlaps */
	set_resv(w, 0x30000, 0x1000, IOMMU_RESV_RESERVED);
	set_resv(w, 0x40000, 0x1000, IOMMU_RESV_MSI);
	world_register(w, 0);
	a = world_dev(w, "a", 0, 1);
	dma = td(a)->cur;
	assert_int_equal(iommu_iova_to_phys(dma, 0xf000), 0);
	for (uint64_t addr = 0x10000; addr < 0x15000; addr += PAGE)
		assert_int_equal(iommu_iova_to_phys(dma, addr), addr);
	assert_int_equal(iommu_iova_to_phys(dma, 0x15000), 0);
	assert_int_equal(iommu_iova_to_phys(dma, 0x30000), 0);
	assert_int_equal(iommu_iova_to_phys(dma, 0x40000), 0);
	assert_int_equal(tdom(dma)->map_calls, 2); /* neighbours go together */

	/* Not aligned: [start, end) of whole pages, both rounded up, as Linux does. */
	w->num_resv = 0;
	set_resv(w, 0x20800, 0x1000, IOMMU_RESV_DIRECT);
	a = world_dev(w, "b", 0, 2);
	assert_int_equal(iommu_iova_to_phys(td(a)->cur, 0x20000), 0);
	assert_int_equal(iommu_iova_to_phys(td(a)->cur, 0x21000), 0x21000);
	assert_int_equal(iommu_iova_to_phys(td(a)->cur, 0x22000), 0);
	world_destroy(w);
}

/* CORE-59, CORE-114: require_direct comes of DIRECT, not of RELAXABLE. */
static void default_direct_forbids_blocking(void **state)
{
	struct world *w = world_create(NULL);
	struct iommu_dev *a, *b;
	int me;

	(void)state;
	set_resv(w, 0x10000, 0x1000, IOMMU_RESV_DIRECT_RELAXABLE);
	world_register(w, 0);
	a = world_dev(w, "a", 0, 1);
	assert_int_equal(iommu_device_claim_dma_owner(a, &me), 0);
	iommu_device_release_dma_owner(a);
	w->resv[0].type = IOMMU_RESV_DIRECT;
	b = world_dev(w, "b", 0, 1);
	assert_int_equal(w->warns, 0);
	assert_int_equal(iommu_device_claim_dma_owner(b, &me), -EINVAL);
	assert_int_equal(w->warns, 1);
	assert_ptr_equal(td(b)->cur, state_of(b).default_domain);
	assert_false(state_of(b).owner_cnt);
	/* The same for a driver without a static blocked domain. */
	w->drv[0].ops.blocked_domain = NULL;
	b = world_dev(w, "c", 0, 1);
	assert_int_equal(iommu_device_claim_dma_owner(b, &me), -EINVAL);
	world_destroy(w);
}

/* CORE-46: mapping fails before the attach, and works or fails after it. */
static void default_retries_direct(void **state)
{
	struct world *w = world_create(NULL);
	struct iommu_dev *a;

	(void)state;
	set_resv(w, 0x10000, 0x1000, IOMMU_RESV_DIRECT);
	world_fail(w, "map", NULL, -EIO, 0, 1);
	world_register(w, 0);
	world_trace(w);
	a = world_dev(w, "a", 0, 1);
	assert_true(iommu_dev_has_iommu(a));
	assert_int_equal(w->warns, 1);
	assert_int_equal(iommu_iova_to_phys(td(a)->cur, 0x10000), 0x10000);

	world_fail(w, "map", NULL, -EIO, 0, 2);
	a = world_dev(w, "b", 0, 1);
	assert_false(iommu_dev_has_iommu(a));
	world_destroy(w);
}

/* CORE-29, CORE-49: the first attach waits for the first DMA. */
static void deferred_attach(void **state)
{
	struct world *w = world_create(NULL);
	struct iommu_dev *a, *none;
	struct iommu_domain *d;

	(void)state;
	w->deferred_attach = true;
	world_register(w, 0);
	a = world_dev(w, "a", 0, 1);
	none = world_dev(w, "none", -1, 1);
	assert_null(td(a)->cur);	     /* nothing done ... */
	assert_non_null(state_of(a).domain); /* ... but the group has its domain */
	assert_int_equal(iommu_deferred_attach(none, state_of(a).domain), 0);

	/* CORE-69 b: tested first; an error leaves it deferred. */
	world_fail(w, "test", "a", -EBUSY, 0, 1);
	assert_int_equal(iommu_deferred_attach(a, state_of(a).domain), -EBUSY);
	assert_null(td(a)->cur);
	world_fail(w, "attach", "a", -EIO, 0, 1);
	assert_int_equal(iommu_deferred_attach(a, state_of(a).domain), -EIO);
	assert_null(td(a)->cur);
	assert_int_equal(iommu_deferred_attach(a, state_of(a).domain), 0);
	assert_ptr_equal(td(a)->cur, state_of(a).domain);
	world_trace(w);
	assert_int_equal(iommu_deferred_attach(a, state_of(a).domain), 0);
	assert_string_equal(w->trace, ""); /* once */

	/* Any other domain ends the deferral by itself. */
	a = world_dev(w, "b", 0, 2);
	d = world_domain(a);
	/* ... but not if it fails: the first DMA still finds it deferred. */
	world_fail(w, "attach", "b", -ENOMEM, 0, 1);
	assert_int_equal(iommu_attach_device(d, a), -ENOMEM);
	assert_null(td(a)->cur);
	world_trace(w);
	assert_int_equal(iommu_deferred_attach(a, state_of(a).domain), 0);
	assert_ptr_equal(td(a)->cur, state_of(a).domain);
	iommu_dev_remove(a);
	w->fw[3] = w->fw[1];
	a = world_add(w, &(struct iommu_dev_desc){ .name = "b" }, 3);
	assert_int_equal(iommu_attach_device(d, a), 0);
	assert_ptr_equal(td(a)->cur, d);
	assert_null(td(a)->old); /* CORE-60: it was nowhere */
	iommu_detach_device(d, a);
	assert_ptr_equal(td(a)->cur, state_of(a).default_domain);
	iommu_domain_free(d);
	world_destroy(w);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(group_generic_one_per_device),
		cmocka_unit_test(group_pci_aliases),
		cmocka_unit_test(group_pci_bridges),
		cmocka_unit_test(group_pci_upstream),
		cmocka_unit_test(group_pci_quirk_peers),
		cmocka_unit_test(group_pci_slot),
		cmocka_unit_test(group_lives_by_references),
		cmocka_unit_test(group_for_each_stops),
		cmocka_unit_test(default_follows_system),
		cmocka_unit_test(default_combines_wishes),
		cmocka_unit_test(default_untrusted_gets_dma),
		cmocka_unit_test(default_static_domain),
		cmocka_unit_test(default_asks_for_pasid),
		cmocka_unit_test(default_maps_direct),
		cmocka_unit_test(default_direct_forbids_blocking),
		cmocka_unit_test(default_retries_direct),
		cmocka_unit_test(deferred_attach),
	};

	return cmocka_run_group_tests_name("core_group", tests, NULL, NULL);
}
