/* SPDX-License-Identifier: MIT */
/*
 * The interface before nested HWPTs (CORE-185 to CORE-191): a guest's CD table under an
 * HWPT, said in a structure with argsz. Underneath it is a nested HWPT on a vIOMMU,
 * neither of which the user sees.
 */
#include <string.h>
#include <smmulator/arch.h>
#include <smmulator/iommufd_smmuv3.h>
#include "user/user.h"

/* What every caller has, and what those have who speak of an SMMUv3's stage 1. */
#define FIXED_SIZE offsetof(struct iommu_pasid_table_config, smmuv3)
#define KNOWN_SIZE sizeof(struct iommu_pasid_table_config)

_Static_assert(FIXED_SIZE == 32 && KNOWN_SIZE == 40, "CORE-186 behind argsz and flags");

/*
 * CORE-188: not one byte more than the caller says is there, and not one that we would
 * not understand.
 */
static int read_config(const struct iommu_user_mem *mem, uint64_t uaddr,
		       struct iommu_pasid_table_config *cfg)
{
	uint32_t argsz;

	if (mem->read(mem->ctx, &argsz, uaddr, sizeof(argsz)))
		return -EFAULT;
	if (argsz < FIXED_SIZE || argsz > KNOWN_SIZE)
		return -EINVAL;
	memset(cfg, 0, sizeof(*cfg));
	if (mem->read(mem->ctx, cfg, uaddr, argsz))
		return -EFAULT;
	cfg->argsz = argsz; /* the caller may have changed it meanwhile */
	return 0;
}

static bool all_zero(const uint8_t *bytes, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (bytes[i])
			return false;
	return true;
}

/* CORE-189: the vendor part counts for translation alone, and must be there then. */
static int check_config(const struct iommu_pasid_table_config *cfg)
{
	if (cfg->version != IOMMU_PASID_TABLE_VERSION || cfg->flags ||
	    cfg->format != IOMMU_PASID_FORMAT_SMMUV3 ||
	    !all_zero(cfg->padding, sizeof(cfg->padding)) ||
	    cfg->config < IOMMU_PASID_CONFIG_TRANSLATE ||
	    cfg->config > IOMMU_PASID_CONFIG_ABORT)
		return -EINVAL;
	if (cfg->config != IOMMU_PASID_CONFIG_TRANSLATE)
		return 0;
	if (cfg->argsz < KNOWN_SIZE || cfg->smmuv3.version != IOMMU_PASID_TABLE_VERSION ||
	    !all_zero(cfg->smmuv3.padding, sizeof(cfg->smmuv3.padding)) ||
	    cfg->smmuv3.s1fmt > 3 || cfg->smmuv3.s1dss > 3 || cfg->pasid_bits > 20 ||
	    (cfg->base_ptr & ~UINT64_C(0xfffffffffffc0)))
		return -EINVAL;
	return 0;
}

/* CORE-191: what the guest's STE would say. */
static struct iommu_hwpt_arm_smmuv3 vste_of(const struct iommu_pasid_table_config *cfg)
{
	uint64_t ste[SMMU_STE_DWORDS] = { 0 };

	smmu_set(ste, SMMU_STE_V, 1);
	if (cfg->config == IOMMU_PASID_CONFIG_BYPASS)
		smmu_set(ste, SMMU_STE_Config, SMMU_STE_CONFIG_BYPASS);
	if (cfg->config == IOMMU_PASID_CONFIG_TRANSLATE) {
		smmu_set(ste, SMMU_STE_Config, SMMU_STE_CONFIG_S1);
		smmu_set(ste, SMMU_STE_S1Fmt, cfg->smmuv3.s1fmt);
		smmu_set_addr(ste, SMMU_STE_S1ContextPtr, cfg->base_ptr);
		smmu_set(ste, SMMU_STE_S1CDMax, cfg->pasid_bits);
		smmu_set(ste, SMMU_STE_S1DSS, cfg->smmuv3.s1dss);
		smmu_set(ste, SMMU_STE_S1CIR, SMMU_CDCACHE_WB_RA);
		smmu_set(ste, SMMU_STE_S1COR, SMMU_CDCACHE_WB_RA);
		smmu_set(ste, SMMU_STE_S1CSH, SMMU_SHARE_ISH);
	}
	return (struct iommu_hwpt_arm_smmuv3){ { ste[0], ste[1] } };
}

static int own_read(void *ctx, void *to, uint64_t uaddr, size_t len)
{
	(void)ctx;
	memcpy(to, (const void *)(uintptr_t)uaddr, len);
	return 0;
}

/* Devices have the names there that the hardware gives them. */
static int name_devices(struct user_viommu *viommu)
{
	struct iommufd_ctx *ctx = viommu->obj.ctx;
	int err = 0;

	for (size_t id = 1; id < ctx->room && !err; id++) {
		struct user_device *dev = user_object_get(ctx, (uint32_t)id, USER_DEVICE);
		const struct iommu_fwspec *fwspec =
			dev ? iommu_dev_fwspec(dev->dev) : NULL;

		if (fwspec && fwspec->num_ids &&
		    iommu_dev_instance(dev->dev) == viommu->viommu->inst)
			err = iommufd_viommu_add_vdev(viommu->viommu, dev->dev,
						      fwspec->ids[0]);
	}
	return err;
}

/* A vIOMMU and a nested HWPT of it that nobody sees. */
static int make_table(struct user_hwpt *parent, struct user_device *dev,
		      const struct iommu_pasid_table_config *cfg,
		      struct user_hwpt **table)
{
	static const struct iommu_user_mem own = { own_read, NULL, NULL };
	struct iommu_hwpt_arm_smmuv3 vste = vste_of(cfg);
	const struct iommu_user_data data = { &own, IOMMU_HWPT_DATA_ARM_SMMUV3,
					      sizeof(vste), (uint64_t)(uintptr_t)&vste };
	struct user_viommu *viommu;
	int err = user_viommu_make(parent, dev, IOMMU_VIOMMU_TYPE_ARM_SMMUV3, NULL,
				   &viommu);

	if (err)
		return err == -EOPNOTSUPP ? -ENODEV : err;
	err = name_devices(viommu);
	if (!err)
		err = user_hwpt_make_nested(viommu, dev, 0, &data, table);
	if (err)
		user_object_destroy(&viommu->obj);
	return err;
}

static void unmake_table(struct user_hwpt *table)
{
	struct user_viommu *viommu = table->viommu;

	user_object_destroy(&table->obj);
	user_object_destroy(&viommu->obj);
}

/* ctx->lock held. */
static int attach_table(struct iommufd_ctx *ctx, uint32_t hwpt_id, uint64_t uaddr)
{
	struct iommu_pasid_table_config cfg;
	struct user_hwpt *parent, *table;
	struct user_device *dev;
	int err = read_config(&ctx->mem, uaddr, &cfg);

	if (!err)
		err = check_config(&cfg);
	if (err)
		return err;
	parent = user_object_get(ctx, hwpt_id, USER_PAGING);
	if (!parent)
		return -ENOENT;
	dev = user_attached_dev(ctx, parent);
	if (!parent->nest_parent || parent->table || !dev)
		return -EINVAL;
	err = make_table(parent, dev, &cfg, &table);
	if (err)
		return err;
	err = user_move_all(ctx, parent, table);
	if (err) {
		unmake_table(table);
		return err;
	}
	parent->table = table;
	return 0;
}

int iommufd_attach_pasid_table(struct iommufd_ctx *ctx, uint32_t hwpt_id, uint64_t cfg)
{
	int err;

	pthread_mutex_lock(&ctx->lock);
	err = attach_table(ctx, hwpt_id, cfg);
	pthread_mutex_unlock(&ctx->lock);
	return err;
}

void iommufd_detach_pasid_table(struct iommufd_ctx *ctx, uint32_t hwpt_id)
{
	struct user_hwpt *parent, *table;

	pthread_mutex_lock(&ctx->lock);
	parent = user_object_get(ctx, hwpt_id, USER_PAGING);
	table = parent ? parent->table : NULL;
	/* To stage 2 alone; what cannot go there is left in a domain that is not freed.
	 */
	if (table && !user_move_all(ctx, table, parent)) {
		parent->table = NULL;
		unmake_table(table);
	}
	pthread_mutex_unlock(&ctx->lock);
}
