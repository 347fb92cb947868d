/* SPDX-License-Identifier: MIT */
/*
 * ACPI, as the core asks it (CORE-23): who is the IOMMU of this device, and under
 * which ids does its DMA go. The IORT is asked first; whatever it answers but yes and
 * "later" makes the VIOT's turn (FW-49).
 */
#include <stdlib.h>
#include <string.h>
#include <smmulator/acpi.h>
#include <smmulator/iommu_acpi.h>
#include "core/core.h"

/* Context of a platform device's firmware ops. */
struct source {
	struct source *next;
	struct iommu_acpi *acpi;
	char *path;
	uint64_t *mmio;
	size_t nmmio;
	bool has_id;
	uint32_t id;
};

struct iommu_acpi {
	const struct smmu_fw *fw;
	const struct smmu_acpi *tables;
	struct iommu_acpi_config config;
	struct iommu_fwnode **fwnodes; /* per fw->iommus */
	bool *absent;		       /* per fw->iommus */
	unsigned char preserve[8192];  /* bit per PCI segment */
	pthread_mutex_t lock;	       /* of the list */
	struct source *sources;
};

/* ---- IORT -------------------------------------------------------------------------- */

static bool driver_built(const struct iommu_acpi *acpi, const struct smmu_iort_node *node)
{
	return !(node->type == SMMU_IORT_SMMUV3 ? acpi->config.without_smmuv3
						: acpi->config.without_smmu);
}

/* FW-39, FW-40: one id at the SMMU that a look-up has led to. */
static int iort_xlate(const struct iommu_acpi *acpi, struct iommu_dev *dev,
		      struct iommu_fwspec *fwspec, const struct smmu_iort_node *node,
		      uint32_t id)
{
	if (!node || !driver_built(acpi, node))
		return -ENODEV;
	for (size_t i = 0; i < acpi->tables->first_virtio; i++)
		if (acpi->tables->iommu_node[i] == node && !acpi->absent[i])
			return core_fwspec_append(dev, fwspec, acpi->fwnodes[i], id);
	return -ENODEV;
}

static int iort_rid(const struct iommu_acpi *acpi, struct iommu_dev *dev,
		    struct iommu_fwspec *fwspec, const struct smmu_iort_node *rc,
		    uint16_t rid)
{
	const struct smmu_iort_node *smmu;
	uint32_t id;

	smmu = smmu_iort_map_id(acpi->tables->iort, rc, rid, &id, SMMU_IORT_IOMMUS);
	return iort_xlate(acpi, dev, fwspec, smmu, id);
}

/* FW-36, FW-37: every DMA alias; the first error ends it (FW-16). */
static int iort_function(const struct iommu_acpi *acpi, struct iommu_dev *dev,
			 struct iommu_fwspec *fwspec)
{
	const struct iommu_dev_desc *desc = &dev->desc;
	const struct smmu_iort_node *rc;
	int err;

	if (!acpi->tables->iort)
		return -ENODEV;
	rc = smmu_iort_root_complex(acpi->tables->iort, desc->segment);
	if (!rc)
		return -ENODEV;
	err = iort_rid(acpi, dev, fwspec, rc, desc->rid);
	for (size_t i = 0; i < desc->num_aliases && !err; i++)
		err = iort_rid(acpi, dev, fwspec, rc, desc->aliases[i]);
	if (fwspec->fwnode && rc->rc.ats & SMMU_IORT_RC_ATS)
		fwspec->flags |= IOMMU_FWSPEC_PCI_RC_ATS;
	if (fwspec->fwnode && rc->rc.memory.flags & SMMU_IORT_MEM_CANWBS)
		fwspec->flags |= IOMMU_FWSPEC_PCI_RC_CANWBS;
	return err;
}

/* FW-37: platform ids 0, 1, 2 ... until there is none. */
static int iort_platform_ids(const struct iommu_acpi *acpi, struct iommu_dev *dev,
			     struct iommu_fwspec *fwspec, const struct smmu_iort_node *nc)
{
	int err = -ENODEV;

	for (size_t i = 0;; i++) {
		const struct smmu_iort_node *smmu;
		uint32_t id;

		smmu = smmu_iort_map_platform_id(acpi->tables->iort, nc, i, &id,
						 SMMU_IORT_IOMMUS);
		if (!smmu)
			return err;
		err = iort_xlate(acpi, dev, fwspec, smmu, id);
		if (err)
			return err;
	}
}

static int iort_component(const struct source *src, struct iommu_dev *dev,
			  struct iommu_fwspec *fwspec)
{
	const struct iommu_acpi *acpi = src->acpi;
	const struct smmu_iort *iort = acpi->tables->iort;
	const struct smmu_iort_node *nc, *smmu;
	uint32_t id, bits;
	int err;

	nc = iort && src->path ? smmu_iort_component(iort, src->path) : NULL;
	if (!nc)
		return -ENODEV;
	if (src->has_id) {
		smmu = smmu_iort_map_id(iort, nc, src->id, &id, SMMU_IORT_IOMMUS);
		err = iort_xlate(acpi, dev, fwspec, smmu, id);
	} else {
		err = iort_platform_ids(acpi, dev, fwspec, nc);
	}
	if (fwspec->fwnode) { /* FW-38 */
		bits = nc->nc.flags >> 1 & 0x1f;
		dev->desc.dma_can_stall = nc->nc.flags & SMMU_IORT_NC_STALL;
		/* CHOICE: more than the 20 bits there can be counts as 20. */
		dev->desc.pasid_num_bits = bits > 20 ? 20 : bits;
	}
	return err;
}

/* ---- VIOT -------------------------------------------------------------------------- */

/* FW-47. self: the endpoint is the IOMMU's own function or device. */
static int viot_xlate(const struct iommu_acpi *acpi, struct iommu_dev *dev,
		      struct iommu_fwspec *fwspec, size_t iommu, uint32_t id, bool self)
{
	const size_t index = acpi->tables->first_virtio + iommu;

	if (acpi->absent[index])
		return -ENODEV;
	if (self)
		return -EINVAL;
	if (acpi->config.without_virtio)
		return -ENODEV;
	return core_fwspec_append(dev, fwspec, acpi->fwnodes[index], id);
}

static int viot_rid(const struct iommu_acpi *acpi, struct iommu_dev *dev,
		    struct iommu_fwspec *fwspec, uint16_t rid)
{
	const struct smmu_viot *viot = acpi->tables->viot;
	const struct smmu_viot_iommu *iommu;
	uint32_t id;
	size_t at;
	int err = smmu_viot_map_pci(viot, dev->desc.segment, rid, &id, &at);

	if (err)
		return err;
	iommu = &viot->iommus[at];
	return viot_xlate(acpi, dev, fwspec, at, id,
			  iommu->is_pci && iommu->segment == dev->desc.segment &&
				  iommu->bdf == dev->desc.rid);
}

static int viot_function(const struct iommu_acpi *acpi, struct iommu_dev *dev,
			 struct iommu_fwspec *fwspec)
{
	int err;

	if (!acpi->tables->viot)
		return -ENODEV;
	err = viot_rid(acpi, dev, fwspec, dev->desc.rid);
	for (size_t i = 0; i < dev->desc.num_aliases && !err; i++)
		err = viot_rid(acpi, dev, fwspec, dev->desc.aliases[i]);
	return err;
}

static bool has_memory_at(const struct source *src, uint64_t base)
{
	for (size_t i = 0; i < src->nmmio; i++)
		if (src->mmio[i] == base)
			return true;
	return false;
}

/* FW-46 */
static int viot_device(const struct source *src, struct iommu_dev *dev,
		       struct iommu_fwspec *fwspec)
{
	const struct iommu_acpi *acpi = src->acpi;
	const struct smmu_viot *viot = acpi->tables->viot;

	for (size_t i = 0; viot && i < src->nmmio; i++) {
		const struct smmu_viot_iommu *iommu;
		uint32_t id;
		size_t at;

		if (smmu_viot_map_mmio(viot, src->mmio[i], &id, &at))
			continue;
		iommu = &viot->iommus[at];
		return viot_xlate(acpi, dev, fwspec, at, id,
				  !iommu->is_pci && has_memory_at(src, iommu->base));
	}
	return -ENODEV;
}

/* ---- Both, as firmware ops --------------------------------------------------------- */

static int describe_function(void *ctx, struct iommu_dev *dev,
			     struct iommu_fwspec *fwspec)
{
	const struct iommu_acpi *acpi = ctx;
	int err = iort_function(acpi, dev, fwspec);

	if (!err || err == -IOMMU_EPROBE_DEFER)
		return err;
	core_fwspec_clear(fwspec); /* what the IORT began is not mixed in */
	return viot_function(acpi, dev, fwspec);
}

static int describe_device(void *ctx, struct iommu_dev *dev, struct iommu_fwspec *fwspec)
{
	const struct source *src = ctx;
	int err;

	dev->desc.dma_can_stall = false;
	dev->desc.pasid_num_bits = 0;
	err = iort_component(src, dev, fwspec);
	if (!err || err == -IOMMU_EPROBE_DEFER)
		return err;
	core_fwspec_clear(fwspec);
	dev->desc.dma_can_stall = false;
	dev->desc.pasid_num_bits = 0;
	return viot_device(src, dev, fwspec);
}

/* FW-26 */
static void add_reserved(void *ctx, const struct smmu_iort_reserved *r)
{
	uint32_t prot = IOMMU_READ | IOMMU_WRITE;

	prot |= r->mmio ? IOMMU_MMIO : 0;
	prot |= r->cache ? IOMMU_CACHE : 0;
	prot |= r->privileged ? IOMMU_PRIV : 0;
	(void)iommu_resv_add(ctx, r->base, r->length, prot,
			     r->relaxable ? IOMMU_RESV_DIRECT_RELAXABLE
					  : IOMMU_RESV_DIRECT);
}

/* FW-27 */
static void reserve(const struct iommu_acpi *acpi, struct iommu_dev *dev,
		    struct iommu_resv_list *list)
{
	const struct iommu_fwspec *fwspec = iommu_dev_fwspec(dev);

	for (size_t i = 0; fwspec && i < acpi->tables->first_virtio; i++)
		if (acpi->fwnodes[i] == fwspec->fwnode)
			smmu_iort_for_each_reserved(
				acpi->tables->iort, acpi->tables->iommu_node[i],
				fwspec->ids, fwspec->num_ids, add_reserved, list);
}

static void resv_function(void *ctx, struct iommu_dev *dev, struct iommu_resv_list *list)
{
	const struct iommu_acpi *acpi = ctx;
	const uint16_t segment = dev->desc.segment;

	if (acpi->preserve[segment / 8] & 1u << segment % 8)
		reserve(acpi, dev, list);
}

static void resv_device(void *ctx, struct iommu_dev *dev, struct iommu_resv_list *list)
{
	const struct source *src = ctx;

	reserve(src->acpi, dev, list);
}

static const struct iommu_fw_ops function_fw = {
	.describe = describe_function,
	.resv_regions = resv_function,
};
static const struct iommu_fw_ops device_fw = {
	.describe = describe_device,
	.resv_regions = resv_device,
};

/* ---- Making and unmaking ----------------------------------------------------------- */

int iommu_acpi_create(struct iommu_acpi **out, const struct smmu_fw *fw,
		      const struct iommu_acpi_config *config)
{
	struct iommu_acpi *acpi;

	if (!fw->acpi)
		return -EINVAL;
	acpi = calloc(1, sizeof(*acpi));
	if (!acpi)
		return -ENOMEM;
	pthread_mutex_init(&acpi->lock, NULL);
	acpi->fw = fw;
	acpi->tables = fw->acpi;
	if (config)
		acpi->config = *config;
	acpi->fwnodes = calloc(fw->niommus + 1, sizeof(struct iommu_fwnode *));
	acpi->absent = calloc(fw->niommus + 1, sizeof(*acpi->absent));
	if (!acpi->fwnodes || !acpi->absent)
		goto no_memory;
	for (size_t i = 0; i < fw->niommus; i++) {
		acpi->fwnodes[i] = iommu_fwnode_create(fw->iommus[i].path);
		if (!acpi->fwnodes[i])
			goto no_memory;
	}
	*out = acpi;
	return 0;

no_memory:
	iommu_acpi_destroy(acpi);
	return -ENOMEM;
}

static void free_source(struct source *src)
{
	if (!src)
		return;
	free(src->path);
	free(src->mmio);
	free(src);
}

void iommu_acpi_destroy(struct iommu_acpi *acpi)
{
	if (!acpi)
		return;
	while (acpi->sources) {
		struct source *next = acpi->sources->next;

		free_source(acpi->sources);
		acpi->sources = next;
	}
	for (size_t i = 0; acpi->fwnodes && i < acpi->fw->niommus; i++)
		iommu_fwnode_put(acpi->fwnodes[i]);
	pthread_mutex_destroy(&acpi->lock);
	free(acpi->fwnodes);
	free(acpi->absent);
	free(acpi);
}

struct iommu_fwnode *iommu_acpi_fwnode(struct iommu_acpi *acpi, size_t index)
{
	return index < acpi->fw->niommus ? acpi->fwnodes[index] : NULL;
}

static struct source *new_source(struct iommu_acpi *acpi,
				 const struct iommu_acpi_device *device)
{
	struct source *src = calloc(1, sizeof(*src));

	if (!src)
		return NULL;
	src->acpi = acpi;
	src->path = device->path ? strdup(device->path) : NULL;
	src->mmio = calloc(device->nmmio + 1, sizeof(*src->mmio));
	if ((device->path && !src->path) || !src->mmio) {
		free_source(src);
		return NULL;
	}
	if (device->nmmio)
		memcpy(src->mmio, device->mmio, device->nmmio * sizeof(*src->mmio));
	src->nmmio = device->nmmio;
	src->has_id = device->input_id;
	src->id = device->input_id ? *device->input_id : 0;
	return src;
}

int iommu_acpi_add_device(struct iommu_acpi *acpi, struct iommu_system *sys,
			  const struct iommu_acpi_device *device, struct iommu_dev **dev)
{
	struct iommu_dev_desc desc = {
		.name = device->name ? device->name : device->path,
		.bus = IOMMU_BUS_PLATFORM,
		.fw = &device_fw,
		.harness = device->harness,
	};
	struct source *src = new_source(acpi, device);
	int err;

	if (!src)
		return -ENOMEM;
	desc.fw_ctx = src;
	err = iommu_dev_add(sys, &desc, dev);
	if (err) {
		free_source(src);
		return err;
	}
	pthread_mutex_lock(&acpi->lock);
	src->next = acpi->sources;
	acpi->sources = src;
	pthread_mutex_unlock(&acpi->lock);
	return 0;
}

int iommu_acpi_add_master(struct iommu_acpi *acpi, struct iommu_system *sys, size_t index,
			  void *harness, struct iommu_dev **dev)
{
	struct iommu_acpi_device device = { .harness = harness };
	const struct smmu_fw_master *master;

	if (index >= acpi->fw->nmasters)
		return -ENODEV;
	master = &acpi->fw->masters[index];
	device.path = master->path;
	if (master->nregs) {
		device.mmio = &master->reg[0].base;
		device.nmmio = 1;
	}
	return iommu_acpi_add_device(acpi, sys, &device, dev);
}

int iommu_acpi_add_function(struct iommu_acpi *acpi, struct iommu_system *sys,
			    const struct iommu_dev_desc *given, struct iommu_dev **dev)
{
	struct iommu_dev_desc desc = *given;

	desc.bus = IOMMU_BUS_PCI;
	desc.fw = &function_fw;
	desc.fw_ctx = acpi;
	return iommu_dev_add(sys, &desc, dev);
}

int iommu_acpi_set_absent(struct iommu_acpi *acpi, size_t index)
{
	if (index >= acpi->fw->niommus)
		return -EINVAL;
	acpi->absent[index] = true;
	return 0;
}

int iommu_acpi_preserve_boot_config(struct iommu_acpi *acpi, uint32_t segment)
{
	if (segment > UINT16_MAX)
		return -EINVAL;
	acpi->preserve[segment / 8] =
		(unsigned char)(acpi->preserve[segment / 8] | 1u << segment % 8);
	return 0;
}
