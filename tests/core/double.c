/* SPDX-License-Identifier: MIT */
#include <stdlib.h>
#include "core/double.h"

static struct world *world_of(struct iommu_dev *dev)
{
	return iommu_dev_desc(dev)->harness;
}

static void note(struct world *w, const char *op, struct iommu_dev *dev, const char *what)
{
	size_t used;

	pthread_mutex_lock(&w->lock);
	used = strlen(w->trace);
	if (w->tracing)
		snprintf(w->trace + used, sizeof(w->trace) - used, "%s(%s%s%s) ", op,
			 dev ? iommu_dev_name(dev) : "", what ? "," : "",
			 what ? what : "");
	pthread_mutex_unlock(&w->lock);
}

static int planned(struct world *w, const char *op, struct iommu_dev *dev)
{
	int err = 0;

	pthread_mutex_lock(&w->lock);
	for (int i = 0; i < w->plans && !err; i++) {
		struct plan *p = &w->plan[i];

		if (strcmp(p->op, op) ||
		    (p->dev && (!dev || strcmp(p->dev, iommu_dev_name(dev)))))
			continue;
		if (p->skip-- > 0)
			continue;
		if (p->times-- > 0)
			err = p->err;
	}
	pthread_mutex_unlock(&w->lock);
	return err;
}

static const char *kind(struct iommu_domain *d)
{
	if (!d)
		return "none";
	if (d->type == IOMMU_DOMAIN_IDENTITY)
		return "identity";
	if (d->type == IOMMU_DOMAIN_BLOCKED)
		return "blocked";
	return d->type == IOMMU_DOMAIN_DMA ? "dma" : "unmanaged";
}

struct td_dev *td(struct iommu_dev *dev)
{
	return iommu_dev_priv(dev);
}

static int td_attach(struct iommu_domain *d, struct iommu_dev *dev,
		     struct iommu_domain *old)
{
	int err = planned(world_of(dev), "attach", dev);

	note(world_of(dev), err ? "attach!" : "attach", dev, kind(d));
	if (err)
		return err;
	td(dev)->cur = d;
	td(dev)->old = old;
	return 0;
}

static int td_test(struct iommu_domain *d, struct iommu_dev *dev, uint32_t pasid,
		   struct iommu_domain *old)
{
	(void)old;
	note(world_of(dev), pasid ? "testp" : "test", dev, kind(d));
	return planned(world_of(dev), pasid ? "testp" : "test", dev);
}

static int td_set_pasid(struct iommu_domain *d, struct iommu_dev *dev, uint32_t pasid,
			struct iommu_domain *old)
{
	int err = planned(world_of(dev), "pasid", dev);

	note(world_of(dev), err ? "pasid!" : "pasid", dev, kind(d));
	if (err)
		return err;
	/* Out of use: NULL, or the blocked domain where a reset took it out. */
	if (td(dev)->pasid[pasid] || !old || old->type != IOMMU_DOMAIN_BLOCKED)
		assert_ptr_equal(td(dev)->pasid[pasid], old);
	td(dev)->pasid[pasid] = d->type == IOMMU_DOMAIN_BLOCKED ? NULL : d;
	return 0;
}

static int td_map(struct iommu_domain *d, uint64_t iova, uint64_t pa, uint64_t pgsize,
		  size_t count, uint32_t prot, uint64_t *mapped)
{
	struct td_domain *t = tdom(d);

	assert_int_equal(*mapped, 0);
	if (t->map_calls < 16) {
		t->calls[t->map_calls].iova = iova;
		t->calls[t->map_calls].pgsize = pgsize;
		t->calls[t->map_calls].count = count;
	}
	t->map_calls++;
	for (size_t i = 0; i < count; i++) {
		int err = planned(t->w, "map", NULL);

		for (size_t p = 0; p < t->pages && !err; p++) {
			if (iova + i * pgsize < t->iova[p] + t->size[p] &&
			    t->iova[p] < iova + (i + 1) * pgsize)
				err = -EEXIST;
		}
		if (!err && t->pages == MAX_PAGES)
			err = -ENOSPC;
		if (err)
			return err;
		t->iova[t->pages] = iova + i * pgsize;
		t->pa[t->pages] = pa + i * pgsize;
		t->prot[t->pages] = prot;
		t->size[t->pages++] = pgsize;
		*mapped += pgsize;
	}
	return 0;
}

/* Whole entries only: a part of a larger page unmaps nothing (CORE-122). */
static uint64_t td_unmap_one(struct td_domain *t, uint64_t iova, uint64_t room)
{
	for (size_t p = 0; p < t->pages; p++) {
		uint64_t size = t->size[p];

		if (t->iova[p] != iova || size > room)
			continue;
		t->pages--;
		t->iova[p] = t->iova[t->pages];
		t->pa[p] = t->pa[t->pages];
		t->prot[p] = t->prot[t->pages];
		t->size[p] = t->size[t->pages];
		return size;
	}
	return 0;
}

static uint64_t td_unmap(struct iommu_domain *d, uint64_t iova, uint64_t pgsize,
			 size_t count, struct iommu_iotlb_gather *gather)
{
	struct td_domain *t = tdom(d);
	uint64_t done = 0, one;

	t->unmap_calls++;
	while (done < pgsize * count) {
		one = td_unmap_one(t, iova + done, pgsize * count - done);
		if (!one)
			break;
		iommu_iotlb_gather_add_page(d, gather, iova + done, one);
		done += one;
	}
	return done;
}

static int td_sync_map(struct iommu_domain *d, uint64_t iova, uint64_t size)
{
	(void)iova;
	(void)size;
	tdom(d)->sync_maps++;
	return planned(tdom(d)->w, "sync_map", NULL);
}

static void td_sync(struct iommu_domain *d, struct iommu_iotlb_gather *gather)
{
	struct td_domain *t = tdom(d);

	t->syncs++;
	t->sync_start = gather->start;
	t->sync_end = gather->end;
}

static void td_flush_all(struct iommu_domain *d)
{
	tdom(d)->flushes++;
}

static bool td_capable(struct iommu_dev *dev, enum iommu_cap cap)
{
	return world_of(dev)->caps >> cap & 1;
}

static uint64_t td_iova_to_phys(struct iommu_domain *d, uint64_t iova)
{
	struct td_domain *t = tdom(d);

	for (size_t p = 0; p < t->pages; p++) {
		if (iova - t->iova[p] < t->size[p])
			return t->pa[p] + (iova - t->iova[p]);
	}
	return 0;
}

static void td_free(struct iommu_domain *d)
{
	struct world *w = tdom(d)->w;

	pthread_mutex_lock(&w->lock);
	w->domains--;
	pthread_mutex_unlock(&w->lock);
	free(tdom(d));
}

static int td_alloc_flags(struct iommu_dev *dev, uint32_t flags,
			  const struct iommu_user_data *user, struct iommu_domain **out)
{
	struct world *w = world_of(dev);
	struct inst *in = IOMMU_CONTAINER_OF(iommu_dev_instance(dev), struct inst, inst);
	struct td_domain *t;
	int err = planned(w, flags ? "alloc_flags" : "alloc", dev);

	(void)user;
	note(w, flags ? "alloc_flags" : "alloc", dev, NULL);
	if (w->in_alloc)
		w->in_alloc(w);
	if (err == 1)
		return 0; /* "success" without a domain */
	if (err)
		return err;
	t = calloc(1, sizeof(*t));
	if (!t)
		return -ENOMEM;
	t->d.pgsize_bitmap = in->drv->pgsizes;
	t->d.aperture_last = UINT64_MAX;
	t->drv = in->drv;
	t->w = w;
	t->flags = flags;
	pthread_mutex_lock(&w->lock);
	w->domains++;
	pthread_mutex_unlock(&w->lock);
	*out = &t->d;
	return 0;
}

static int td_alloc(struct iommu_dev *dev, struct iommu_domain **out)
{
	return td_alloc_flags(dev, 0, NULL, out);
}

static int td_probe(struct iommu_dev *dev, const struct iommu_fwspec *fwspec,
		    struct iommu_instance **inst)
{
	struct world *w = world_of(dev);
	struct td_dev *t;
	int err = planned(w, "probe", dev);

	note(w, "probe", dev, NULL);
	assert_ptr_equal(fwspec, iommu_dev_fwspec(dev));
	assert_null(iommu_dev_instance(dev));
	if (err)
		return err;
	t = calloc(1, sizeof(*t));
	if (!t)
		return -ENOMEM;
	t->num_ids = fwspec->num_ids;
	assert_int_equal(iommu_dev_set_priv(dev, t), 0);
	for (int i = 0; i < 3; i++) {
		if (w->fwnode[i] == fwspec->fwnode)
			*inst = &w->inst[i].inst;
	}
	pthread_mutex_lock(&w->lock);
	w->probed++;
	pthread_mutex_unlock(&w->lock);
	return 0;
}

static void td_release(struct iommu_dev *dev)
{
	struct world *w = world_of(dev);

	note(w, "release", dev, NULL);
	pthread_mutex_lock(&w->lock);
	w->released++;
	pthread_mutex_unlock(&w->lock);
	free(td(dev));
	assert_int_equal(iommu_dev_set_priv(dev, NULL), 0);
}

static void td_finalize(struct iommu_dev *dev)
{
	struct world *w = world_of(dev);

	note(w, "finalize", dev, NULL);
	pthread_mutex_lock(&w->lock);
	w->finalized++;
	pthread_mutex_unlock(&w->lock);
}

static int td_group(struct iommu_dev *dev, struct iommu_group **group)
{
	struct world *w = world_of(dev);
	int err = planned(w, "group", dev);

	if (err)
		return err == 1 ? 0 : err;
	if (iommu_dev_desc(dev)->bus == IOMMU_BUS_PCI)
		return iommu_pci_device_group(dev, group);
	return iommu_generic_device_group(dev, group);
}

static int td_xlate(struct iommu_dev *dev, struct iommu_fwspec *fwspec,
		    const struct iommu_fw_args *args)
{
	int err = planned(world_of(dev), "xlate", dev);

	note(world_of(dev), "xlate", dev, NULL);
	return err ? err : iommu_fwspec_add_ids(fwspec, args->args, args->count);
}

static bool td_deferred(struct iommu_dev *dev)
{
	return world_of(dev)->deferred_attach;
}

static unsigned td_def_type(struct iommu_dev *dev)
{
	/* A name that ends in 'i' wishes identity, in 'd' DMA. */
	char last = iommu_dev_name(dev)[strlen(iommu_dev_name(dev)) - 1];

	if (last == 'i')
		return IOMMU_DOMAIN_IDENTITY;
	return last == 'd' ? IOMMU_DOMAIN_DMA : world_of(dev)->def_type;
}

static void td_resv(struct iommu_dev *dev, struct iommu_resv_list *list)
{
	struct world *w = world_of(dev);

	for (size_t i = 0; i < w->num_resv; i++)
		iommu_resv_add(list, w->resv[i].start, w->resv[i].length, w->resv[i].prot,
			       w->resv[i].type);
	iommu_fw_resv_regions(dev, list);
}

static int td_describe(void *ctx, struct iommu_dev *dev, struct iommu_fwspec *fwspec)
{
	const struct td_fw *fw = ctx;
	int err = fw->n ? 0 : -ENODEV;

	if (fw->err)
		return fw->err;
	for (int i = 0; i < fw->n && !err; i++) {
		struct iommu_fw_args args = { .fwnode = fw->fwnode[i], .count = 1 };

		args.args[0] = fw->id[i];
		err = iommu_fwspec_xlate(dev, fwspec, &args);
	}
	return err;
}

static const struct iommu_fw_ops td_fw_ops = { .describe = td_describe };

static void drv_init(struct drv *drv)
{
	drv->identity_ops.attach_dev = td_attach;
	drv->blocked_ops.attach_dev = td_attach;
	drv->blocked_ops.set_dev_pasid = td_set_pasid;
	drv->identity.type = IOMMU_DOMAIN_IDENTITY;
	drv->identity.ops = &drv->identity_ops;
	drv->blocked.type = IOMMU_DOMAIN_BLOCKED;
	drv->blocked.ops = &drv->blocked_ops;
	drv->paging_ops = (struct iommu_domain_ops){
		.attach_dev = td_attach,
		.test_dev = td_test,
		.set_dev_pasid = td_set_pasid,
		.map_pages = td_map,
		.unmap_pages = td_unmap,
		.iotlb_sync = td_sync,
		.flush_iotlb_all = td_flush_all,
		.iotlb_sync_map = td_sync_map,
		.iova_to_phys = td_iova_to_phys,
		.free = td_free,
	};
	drv->pgsizes = 0x1000 | 0x200000 | 0x40000000;
	drv->ops = (struct iommu_ops){
		.name = "double",
		.capable = td_capable,
		.probe_device = td_probe,
		.probe_finalize = td_finalize,
		.release_device = td_release,
		.device_group = td_group,
		.of_xlate = td_xlate,
		.is_attach_deferred = td_deferred,
		.def_domain_type = td_def_type,
		.get_resv_regions = td_resv,
		.domain_alloc_paging = td_alloc,
		.domain_alloc_paging_flags = td_alloc_flags,
		.identity_domain = &drv->identity,
		.blocked_domain = &drv->blocked,
		.release_domain = &drv->blocked,
		.default_domain_ops = &drv->paging_ops,
	};
}

static void td_log(void *ctx, enum iommu_log_level level, const char *message)
{
	struct world *w = ctx;

	pthread_mutex_lock(&w->lock);
	w->warns += level == IOMMU_LOG_WARN;
	w->notices += level == IOMMU_LOG_NOTICE;
	snprintf(w->last, sizeof(w->last), "%s", message);
	pthread_mutex_unlock(&w->lock);
}

struct world *world_create(const struct iommu_system_config *given)
{
	struct iommu_system_config cfg = { 0 };
	struct world *w = calloc(1, sizeof(*w));

	assert_non_null(w);
	if (given)
		cfg = *given;
	cfg.log = td_log;
	cfg.log_ctx = w;
	pthread_mutex_init(&w->lock, NULL);
	assert_int_equal(iommu_system_create(&w->sys, &cfg), 0);
	drv_init(&w->drv[0]);
	drv_init(&w->drv[1]);
	for (int i = 0; i < 3; i++) {
		static const char *const names[] = { "smmu0", "smmu1", "other" };

		w->fwnode[i] = iommu_fwnode_create(names[i]);
		assert_non_null(w->fwnode[i]);
		w->inst[i].drv = &w->drv[i == 2];
		w->inst[i].inst = (struct iommu_instance){
			.name = names[i],
			.ops = &w->inst[i].drv->ops,
			.fwnode = w->fwnode[i],
			.max_pasids = 8,
		};
	}
	return w;
}

/* Leaves nothing behind: every reference and every domain is accounted for. */
void world_destroy(struct world *w)
{
	for (int i = 0; i < 3; i++)
		iommu_instance_unregister(&w->inst[i].inst);
	iommu_system_destroy(w->sys); /* NULL: done before */
	assert_int_equal(w->domains, 0);
	assert_int_equal(w->probed, w->released);
	for (int i = 0; i < 3; i++) {
		assert_int_equal(iommu_fwnode_refs(w->fwnode[i]), 1);
		iommu_fwnode_put(w->fwnode[i]);
	}
	pthread_mutex_destroy(&w->lock);
	free(w);
}

void world_register(struct world *w, int i)
{
	assert_int_equal(iommu_instance_register(w->sys, &w->inst[i].inst), 0);
}

struct iommu_dev *world_add(struct world *w, const struct iommu_dev_desc *given, int slot)
{
	struct iommu_dev_desc desc = *given;
	struct iommu_dev *dev;

	desc.fw = &td_fw_ops;
	desc.fw_ctx = &w->fw[slot];
	desc.harness = w;
	assert_int_equal(iommu_dev_add(w->sys, &desc, &dev), 0);
	return dev;
}

struct iommu_dev *world_dev(struct world *w, const char *name, int i, uint32_t id)
{
	struct iommu_dev_desc desc = { .name = name };
	int slot = 0;

	if (i < 0) {
		struct iommu_dev *dev;

		desc.harness = w;
		assert_int_equal(iommu_dev_add(w->sys, &desc, &dev), 0);
		return dev;
	}
	while (w->fw[slot].n || w->fw[slot].err)
		slot++;
	w->fw[slot] = (struct td_fw){ .n = 1 };
	w->fw[slot].fwnode[0] = w->fwnode[i];
	w->fw[slot].id[0] = id;
	return world_add(w, &desc, slot);
}

void world_pair_second(struct world *w, struct iommu_dev **b)
{
	static const uint16_t alias[] = { 0x100 };
	const struct iommu_dev_desc db = { .name = "b",
					   .bus = IOMMU_BUS_PCI,
					   .rid = 0x108,
					   .aliases = alias,
					   .num_aliases = 1,
					   .pci_max_pasids = 8,
					   .ats_supported = true };

	*b = world_add(w, &db, 7);
}

struct iommu_group *world_pair(struct world *w, struct iommu_dev **a,
			       struct iommu_dev **b)
{
	const struct iommu_dev_desc da = { .name = "a",
					   .bus = IOMMU_BUS_PCI,
					   .rid = 0x100,
					   .pci_max_pasids = 8,
					   .ats_supported = true };
	struct iommu_group *group;

	for (int i = 6; i < 8; i++) {
		w->fw[i] = (struct td_fw){ .n = 1 };
		w->fw[i].fwnode[0] = w->fwnode[0];
	}
	*a = world_add(w, &da, 6);
	world_pair_second(w, b);
	group = iommu_group_get(*a);
	assert_non_null(group);
	iommu_group_put(group); /* its devices hold it */
	return group;
}

void world_fail(struct world *w, const char *op, const char *dev, int err, int skip,
		int times)
{
	assert_true(w->plans < MAX_PLANS);
	w->plan[w->plans++] = (struct plan){ op, dev, err, skip, times };
}

void world_trace(struct world *w)
{
	w->trace[0] = 0;
	w->tracing = true;
}

struct iommu_domain *world_domain(struct iommu_dev *dev)
{
	struct iommu_domain *d;

	assert_int_equal(iommu_paging_domain_alloc(dev, 0, &d), 0);
	return d;
}

struct iommu_group_state state_of(struct iommu_dev *dev)
{
	struct iommu_group *group = iommu_group_get(dev);
	struct iommu_group_state state;

	assert_non_null(group);
	iommu_group_get_state(group, &state);
	iommu_group_put(group);
	return state;
}
