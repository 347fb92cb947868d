/* SPDX-License-Identifier: MIT */
#include "core/explore_world.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "core/core.h"

#define MAGIC 0x5a17u

static struct xw *world_of(struct iommu_dev *dev)
{
	return iommu_dev_desc(dev)->harness;
}

struct xw_priv *xw_priv(struct iommu_dev *dev)
{
	struct xw_priv *priv = iommu_dev_priv(dev);

	if (!priv || priv->magic != MAGIC)
		explore_violation("an op for a device that is not probed");
	return priv;
}

/* ---- the driver ---- */

static int xw_probe(struct iommu_dev *dev, const struct iommu_fwspec *fwspec,
		    struct iommu_instance **inst)
{
	struct xw *w = world_of(dev);
	struct xw_priv *priv;

	explore_point("probe");
	if (iommu_dev_priv(dev))
		explore_violation("probed twice");
	if (fwspec->num_ids != 1)
		explore_violation("a fwspec with ids lost or doubled");
	priv = calloc(1, sizeof(*priv));
	if (!priv)
		return -ENOMEM;
	priv->magic = MAGIC;
	if (iommu_dev_set_priv(dev, priv))
		explore_violation("probe_device without the probe lock");
	w->probed++;
	explore_point("probe, done");
	*inst = &w->inst;
	return 0;
}

static void xw_release(struct iommu_dev *dev)
{
	struct xw_priv *priv = xw_priv(dev);

	explore_point("release");
	world_of(dev)->released++;
	priv->magic = 0;
	free(priv);
	if (iommu_dev_set_priv(dev, NULL))
		explore_violation("release_device without the probe lock");
}

static int xw_xlate(struct iommu_dev *dev, struct iommu_fwspec *fwspec,
		    const struct iommu_fw_args *args)
{
	(void)dev;
	explore_point("of_xlate");
	return iommu_fwspec_add_ids(fwspec, args->args, args->count);
}

static int xw_describe(void *ctx, struct iommu_dev *dev, struct iommu_fwspec *fwspec)
{
	struct iommu_fw_args args = { .count = 1, .args = { 7 } };

	args.fwnode = ((struct xw *)ctx)->fwnode;
	explore_point("describe");
	return iommu_fwspec_xlate(dev, fwspec, &args);
}

static void enter(struct xw_priv *priv)
{
	if (priv->busy)
		explore_violation("two ops at one device");
	priv->busy = true;
}

static int xw_attach(struct iommu_domain *d, struct iommu_dev *dev,
		     struct iommu_domain *old)
{
	struct xw *w = world_of(dev);
	struct xw_priv *priv = xw_priv(dev);
	bool refused;

	(void)old;
	enter(priv);
	explore_point("attach_dev");
	refused = d == w->picky && !strcmp(iommu_dev_name(dev), w->refuses);
	if (!refused)
		priv->cur = d;
	explore_point(refused ? "attach_dev, refused" : "attach_dev, done");
	priv->busy = false;
	return refused ? -EIO : 0;
}

static int xw_set_pasid(struct iommu_domain *d, struct iommu_dev *dev, uint32_t pasid,
			struct iommu_domain *old)
{
	struct xw_priv *priv = xw_priv(dev);

	(void)pasid;
	(void)old;
	enter(priv);
	explore_point("set_dev_pasid");
	priv->pasid = d->type == IOMMU_DOMAIN_BLOCKED ? NULL : d;
	priv->busy = false;
	return 0;
}

static void xw_page_response(struct iommu_dev *dev, const struct iommu_page_request *last,
			     unsigned code)
{
	(void)code;
	if (!(last->flags & IOMMU_PRQ_LAST))
		explore_violation("an answer to half a group");
	world_of(dev)->answers++;
}

static int xw_sva_set_pasid(struct iommu_domain *d, struct iommu_dev *dev, uint32_t pasid,
			    struct iommu_domain *old)
{
	if (world_of(dev)->exited)
		explore_violation("walks the table of a process that is gone");
	return xw_set_pasid(d, dev, pasid, old);
}

/* CORE-103: whoever walks the table stops. */
static void xw_mm_release(struct iommu_domain *d)
{
	explore_point("mm_release");
	if (!d->mm)
		explore_violation("an exit tells a domain that is freed");
}

static void xw_sva_free(struct iommu_domain *d)
{
	struct xw *w = d->fault_token;

	explore_point("free, sva");
	for (int i = 0; i < XW_DEVS; i++) {
		const struct xw_priv *priv = w->dev[i] ? iommu_dev_priv(w->dev[i]) : NULL;

		if (priv && priv->pasid == d)
			explore_violation("a domain is freed under a PASID");
	}
	w->domains--;
	free(d);
}

static int xw_alloc_sva(struct iommu_dev *dev, struct iommu_mm *mm,
			struct iommu_domain **out)
{
	(void)mm;
	explore_point("domain_alloc_sva");
	*out = calloc(1, sizeof(**out));
	if (!*out)
		return -ENOMEM;
	(*out)->ops = &world_of(dev)->sva_ops;
	(*out)->fault_token = world_of(dev);
	world_of(dev)->domains++;
	return 0;
}

static void xw_free_domain(struct iommu_domain *d)
{
	struct xw *w = d->fault_token;

	if (w)
		w->domains--;
	free(d);
}

static int xw_alloc(struct iommu_dev *dev, struct iommu_domain **out)
{
	explore_point("domain_alloc");
	*out = calloc(1, sizeof(**out));
	if (!*out)
		return -ENOMEM;
	(*out)->pgsize_bitmap = 0x1000;
	(*out)->aperture_last = UINT64_MAX;
	(*out)->fault_token = world_of(dev);
	world_of(dev)->domains++;
	return 0;
}

static int xw_group(struct iommu_dev *dev, struct iommu_group **group)
{
	return iommu_pci_device_group(dev, group);
}

static unsigned xw_wish(struct iommu_dev *dev)
{
	(void)dev;
	return IOMMU_DOMAIN_IDENTITY;
}

static const struct iommu_fw_ops fw_ops = { .describe = xw_describe };

static void make_driver(struct xw *w)
{
	w->static_ops.attach_dev = xw_attach;
	w->static_ops.set_dev_pasid = xw_set_pasid;
	w->identity.type = IOMMU_DOMAIN_IDENTITY;
	w->identity.ops = &w->static_ops;
	w->blocked.type = IOMMU_DOMAIN_BLOCKED;
	w->blocked.ops = &w->static_ops;
	w->paging_ops.attach_dev = xw_attach;
	w->paging_ops.set_dev_pasid = xw_set_pasid;
	w->paging_ops.free = xw_free_domain;
	w->sva_ops.set_dev_pasid = xw_sva_set_pasid;
	w->sva_ops.mm_release = xw_mm_release;
	w->sva_ops.free = xw_sva_free;
	w->ops = (struct iommu_ops){
		.name = "explored",
		.probe_device = xw_probe,
		.release_device = xw_release,
		.device_group = xw_group,
		.of_xlate = xw_xlate,
		.def_domain_type = xw_wish,
		.domain_alloc_paging = xw_alloc,
		.identity_domain = &w->identity,
		.blocked_domain = &w->blocked,
		.release_domain = &w->blocked,
		.default_domain_ops = &w->paging_ops,
		.page_response = xw_page_response,
		.domain_alloc_sva = xw_alloc_sva,
	};
}

/* ---- the world ---- */

static void must(bool ok, const char *what)
{
	if (!ok)
		explore_violation(what);
}

struct xw *xw_create(void)
{
	struct xw *w = calloc(1, sizeof(*w));

	must(w && iommu_system_create(&w->sys, NULL) == 0, "no memory");
	w->module = iommu_module_create();
	w->fwnode = iommu_fwnode_create("smmu");
	must(w->module && w->fwnode, "no memory");
	make_driver(w);
	w->inst = (struct iommu_instance){
		.name = "smmu",
		.ops = &w->ops,
		.fwnode = w->fwnode,
		.max_pasids = 8,
		.loadable = true,
		.owner = w->module,
	};
	return w;
}

struct iommu_dev *xw_add(struct xw *w, int i)
{
	static const char *const names[XW_DEVS] = { "a", "b", "c" };
	static const uint16_t alias[] = { 0x100 };
	const struct iommu_dev_desc desc = {
		.name = names[i],
		.bus = IOMMU_BUS_PCI,
		.fw = &fw_ops,
		.fw_ctx = w,
		.rid = (uint16_t)(0x100 + 8 * i),
		.aliases = alias,
		.num_aliases = i ? 1 : 0,
		.pci_max_pasids = 8,
		.ats_supported = true,
		.harness = w,
	};

	if (iommu_dev_add(w->sys, &desc, &w->dev[i]))
		explore_violation("no device");
	return w->dev[i];
}

struct xw *xw_create_group(int n)
{
	struct xw *w = xw_create();

	must(iommu_instance_register(w->sys, &w->inst) == 0, "not registered");
	for (int i = 0; i < n; i++)
		xw_add(w, i);
	w->group = iommu_group_get(w->dev[0]);
	must(w->group != NULL, "no group");
	must(!iommu_paging_domain_alloc(w->dev[0], 0, &w->d), "no domain");
	must(!iommu_paging_domain_alloc(w->dev[0], 0, &w->e), "no domain");
	return w;
}

void xw_destroy(struct xw *w)
{
	if (w->group) {
		must(w->group->domain == w->group->default_domain, "not detached");
		must(w->group->recovery_cnt == 0, "recovery_cnt leaked");
		must(w->group->num_pasids == 0, "a PASID is left");
		must(w->group->owner_cnt == 0 && !w->group->owner, "owner leaked");
		xw_check_group(w);
		iommu_group_put(w->group);
	}
	iommu_domain_free(w->d);
	iommu_domain_free(w->e);
	iommu_instance_unregister(&w->inst);
	must(w->probed == w->released, "probes and releases differ");
	must(iommu_module_pins(w->module) == 0, "module pins differ");
	for (int i = 0; i < XW_DEVS; i++)
		must(!w->dev[i] || !w->dev[i]->inst, "a device of a gone instance");
	must(w->domains == 0, "domains leaked");
	iommu_system_destroy(w->sys);
	must(iommu_fwnode_refs(w->fwnode) == 1, "fwnode references differ");
	iommu_fwnode_put(w->fwnode);
	iommu_module_destroy(w->module);
	free(w);
}

/* CORE-63, CORE-64, CORE-84 */
void xw_check_group(struct xw *w)
{
	struct iommu_group *group = w->group;

	if (!explore_is_free(&group->mutex))
		return;
	CORE_LIST_FOR_EACH(pos, &group->devs)
	{
		struct iommu_dev *dev = CORE_GROUP_DEV(pos);
		const struct xw_priv *priv = xw_priv(dev);

		must(priv->cur == (dev->iommu->blocked ? group->blocking_domain
						       : group->domain),
		     "a device is not in the domain that its group says");
		must(!(dev->iommu->blocked && priv->pasid), "a PASID works in a reset");
	}
	must(!w->in_reset || xw_priv(w->in_reset)->cur == &w->blocked,
	     "DMA is not blocked in a reset");
}
