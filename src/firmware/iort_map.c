/* SPDX-License-Identifier: MIT */
/* Questions to an IORT: where an id leads, and what is reserved (FW-27 to FW-36, 41). */
#include <errno.h>
#include <string.h>
#include "firmware/acpi.h"

#define CPU_PAGE UINT64_C(0x1000)

const struct smmu_iort_node *smmu_iort_root_complex(const struct smmu_iort *iort,
						    uint32_t segment)
{
	for (size_t i = 0; i < iort->nnodes; i++)
		if (iort->nodes[i].type == SMMU_IORT_ROOT_COMPLEX &&
		    iort->nodes[i].rc.segment == segment)
			return &iort->nodes[i];
	return NULL;
}

const struct smmu_iort_node *smmu_iort_component(const struct smmu_iort *iort,
						 const char *path)
{
	for (size_t i = 0; i < iort->nnodes; i++)
		if (iort->nodes[i].type == SMMU_IORT_NAMED_COMPONENT &&
		    !strcmp(iort->nodes[i].nc.path, path))
			return &iort->nodes[i];
	return NULL;
}

bool iort_wants_deviceid(const struct smmu_iort_node *node)
{
	const struct smmu_iort_v3 *v3 = &node->v3;

	if (node->type != SMMU_IORT_SMMUV3 || node->revision == 0)
		return false;
	if (node->revision >= 5)
		return v3->flags & SMMU_IORT_V3_DEVICEID;
	/* Not if all its interrupts are wires. */
	return !(v3->event_gsiv && v3->pri_gsiv && v3->gerror_gsiv && v3->sync_gsiv);
}

int smmu_iort_deviceid_index(const struct smmu_iort_node *node)
{
	if (node->type == SMMU_IORT_PMCG)
		return 0;
	if (!iort_wants_deviceid(node) || node->v3.deviceid_index >= node->nmappings)
		return -1;
	return (int)node->v3.deviceid_index;
}

/* FW-29. 0, -ENXIO: not this one, -EAGAIN: provisional (FW-30). */
static int apply(const struct smmu_iort_node *node, const struct smmu_iort_mapping *m,
		 uint32_t id, bool had_one, uint32_t *out)
{
	if (m->flags & SMMU_IORT_ID_SINGLE) {
		if (node->type != SMMU_IORT_NAMED_COMPONENT &&
		    node->type != SMMU_IORT_ROOT_COMPLEX)
			return -ENXIO;
		*out = m->output_base;
		return 0;
	}
	if (id < m->input_base || id - m->input_base > m->id_count)
		return -ENXIO;
	if (had_one && id != m->input_base)
		return -ENXIO;
	*out = m->output_base + (id - m->input_base);
	return m->id_count && id - m->input_base == m->id_count ? -EAGAIN : 0;
}

/* How many ids after this one the mapping treats as it treats this one. */
static uint32_t same_after(const struct smmu_iort_mapping *m, uint32_t id)
{
	if (m->flags & SMMU_IORT_ID_SINGLE)
		return UINT32_MAX;
	if (id < m->input_base)
		return m->input_base - id - 1;
	id -= m->input_base;
	if (id > m->id_count)
		return UINT32_MAX;
	/* The last one is special (FW-30). */
	return m->id_count - id > 1 ? m->id_count - id - 1 : 0;
}

/* The mapping of one node that takes the id, or NULL. */
static const struct smmu_iort_mapping *take(const struct smmu_iort_node *node,
					    uint32_t id, uint32_t *out, uint32_t *same)
{
	const int own = smmu_iort_deviceid_index(node);
	const struct smmu_iort_mapping *provisional = NULL;

	if (!node->nmappings || !node->mappings[0].output_reference)
		return NULL;
	for (size_t i = 0; i < node->nmappings; i++) {
		const struct smmu_iort_mapping *m = &node->mappings[i];
		uint32_t after = same_after(m, id);
		int err;

		if (own >= 0 && i == (size_t)own)
			continue;
		*same = after < *same ? after : *same;
		err = apply(node, m, id, provisional != NULL, out);
		if (!err)
			return m;
		if (err == -EAGAIN)
			provisional = m;
	}
	return provisional;
}

void iort_map_run(const struct smmu_iort *iort, const struct smmu_iort_node *node,
		  uint32_t id, unsigned wanted, struct iort_run *run)
{
	uint32_t at = id;

	*run = (struct iort_run){ .out = id, .same = UINT32_MAX };
	/* FW-50: a circle, which only lenient readers let in, ends here. */
	for (size_t step = 0; node && step <= iort->nnodes; step++) {
		const struct smmu_iort_mapping *m;
		uint32_t same = UINT32_MAX;

		if (node->type < 32 && wanted & SMMU_IORT_MASK(node->type)) {
			run->node = node;
			run->out = at;
			return;
		}
		m = take(node, at, &at, &same);
		run->cost += node->nmappings + 1;
		/* Behind a single mapping all ids are the same one. */
		if (!run->fixed && same < run->same)
			run->same = same;
		run->fixed = run->fixed || (m && m->flags & SMMU_IORT_ID_SINGLE);
		node = m && m->target >= 0 ? &iort->nodes[m->target] : NULL;
	}
	run->fixed = false;
}

const struct smmu_iort_node *smmu_iort_map_id(const struct smmu_iort *iort,
					      const struct smmu_iort_node *node,
					      uint32_t id, uint32_t *out, unsigned wanted)
{
	struct iort_run run;

	iort_map_run(iort, node, id, wanted, &run);
	if (out)
		*out = run.out;
	return run.node;
}

const struct smmu_iort_node *smmu_iort_get_id(const struct smmu_iort *iort,
					      const struct smmu_iort_node *node,
					      size_t index, uint32_t *out)
{
	const struct smmu_iort_mapping *m;

	if (index >= node->nmappings)
		return NULL;
	m = &node->mappings[index];
	if (m->target < 0 || !(m->flags & SMMU_IORT_ID_SINGLE))
		return NULL;
	switch (node->type) {
	case SMMU_IORT_NAMED_COMPONENT:
	case SMMU_IORT_ROOT_COMPLEX:
	case SMMU_IORT_SMMUV3:
	case SMMU_IORT_PMCG:
		*out = m->output_base;
		return &iort->nodes[m->target];
	default:
		return NULL;
	}
}

const struct smmu_iort_node *smmu_iort_map_platform_id(const struct smmu_iort *iort,
						       const struct smmu_iort_node *node,
						       size_t index, uint32_t *out,
						       unsigned wanted)
{
	uint32_t id;

	node = smmu_iort_get_id(iort, node, index, &id);
	if (node)
		node = smmu_iort_map_id(iort, node, id, &id, wanted);
	if (node)
		*out = id;
	return node;
}

uint32_t smmu_iort_msi_id(const struct smmu_iort *iort, const struct smmu_iort_node *node,
			  uint32_t id)
{
	(void)smmu_iort_map_id(iort, node, id, &id, SMMU_IORT_MSI);
	return id;
}

int smmu_iort_its_of(const struct smmu_iort *iort, const struct smmu_iort_node *node,
		     uint32_t id, size_t index, uint32_t *its)
{
	node = smmu_iort_map_id(iort, node, id, NULL, SMMU_IORT_MSI);
	if (!node || index >= node->its.count)
		return -ENXIO;
	*its = node->its.ids[index];
	return 0;
}

int smmu_iort_own_deviceid(const struct smmu_iort *iort,
			   const struct smmu_iort_node *node, uint32_t *id)
{
	const int index = smmu_iort_deviceid_index(node);

	if (index >= 0)
		return smmu_iort_get_id(iort, node, (size_t)index, id) ? 0 : -ENODEV;
	if (node->type == SMMU_IORT_SMMUV3)
		return -ENODEV; /* FW-34: its other mappings are its clients' */
	for (size_t i = 0; i < node->nmappings; i++)
		if (smmu_iort_map_platform_id(iort, node, i, id, SMMU_IORT_MSI))
			return 0;
	return -ENODEV;
}

/* ---- Reserved memory --------------------------------------------------------------- */

static bool has_one_of(const struct smmu_iort_mapping *m, const uint32_t *ids, size_t n)
{
	if (!ids)
		return true;
	for (size_t i = 0; i < n; i++)
		if (ids[i] >= m->output_base && ids[i] - m->output_base <= m->id_count)
			return true;
	return false;
}

/* FW-27: DEN 0049 E.d, revision 5, is the first whose RMR nodes count. */
static bool reserves(const struct smmu_iort *iort, const struct smmu_iort_node *node)
{
	return iort->revision >= 5 && node->type == SMMU_IORT_RMR;
}

static bool leads_to(const struct smmu_iort *iort, const struct smmu_iort_mapping *m,
		     const struct smmu_iort_node *smmu)
{
	return m->target >= 0 && &iort->nodes[m->target] == smmu;
}

static struct smmu_iort_reserved reserve(const struct smmu_iort_rmr *rmr, size_t i)
{
	const unsigned attributes = rmr->flags >> 2 & 0xff;
	struct smmu_iort_reserved r = {
		.base = rmr->ranges[i].base,
		.length = rmr->ranges[i].length,
		.mmio = attributes <= 3, /* FW-26 */
		.cache = attributes == 5,
		.privileged = rmr->flags & SMMU_IORT_RMR_PRIV,
		.relaxable = rmr->flags & SMMU_IORT_RMR_REMAP,
	};
	const uint64_t lead = r.base % CPU_PAGE;

	if (!(r.base % 0x10000) && !(r.length % 0x10000))
		return r;
	r.base -= lead;
	if (r.length <= UINT64_MAX - lead - CPU_PAGE)
		r.length = (r.length + lead + CPU_PAGE - 1) / CPU_PAGE * CPU_PAGE;
	return r;
}

void smmu_iort_for_each_reserved(
	const struct smmu_iort *iort, const struct smmu_iort_node *smmu,
	const uint32_t *ids, size_t n,
	void (*fn)(void *ctx, const struct smmu_iort_reserved *range), void *ctx)
{
	for (size_t i = 0; i < iort->nnodes; i++) {
		const struct smmu_iort_node *node = &iort->nodes[i];
		bool meant = false;

		for (size_t k = 0; reserves(iort, node) && k < node->nmappings; k++)
			meant = meant || (leads_to(iort, &node->mappings[k], smmu) &&
					  has_one_of(&node->mappings[k], ids, n));
		for (size_t k = 0; meant && k < node->rmr.count; k++) {
			struct smmu_iort_reserved r = reserve(&node->rmr, k);

			if (node->rmr.ranges[k].length)
				fn(ctx, &r);
		}
	}
}

void smmu_iort_for_each_rmr_stream(const struct smmu_iort *iort,
				   const struct smmu_iort_node *smmu,
				   void (*fn)(void *ctx, uint32_t first, uint32_t last),
				   void *ctx)
{
	for (size_t i = 0; i < iort->nnodes; i++) {
		const struct smmu_iort_node *node = &iort->nodes[i];

		for (size_t k = 0; reserves(iort, node) && k < node->nmappings; k++) {
			const struct smmu_iort_mapping *m = &node->mappings[k];
			const uint32_t room = UINT32_MAX - m->output_base;

			if (leads_to(iort, m, smmu) && node->rmr.count)
				fn(ctx, m->output_base,
				   m->output_base +
					   (m->id_count < room ? m->id_count : room));
		}
	}
}
