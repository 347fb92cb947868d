/* SPDX-License-Identifier: MIT */
/*
 * The group of a PCI function, in CORE-38's five steps. What the core knows of the
 * hierarchy is in the devices' descriptions; a bridge that is no device of the system has
 * no group, but its place on the path counts.
 */
#include "core/core.h"

/* Where the search is: a function, or a bridge above it. */
struct place {
	struct iommu_dev *dev; /* NULL: the core does not know it */
	uint16_t segment, rid;
	bool isolates, multifunction;
};

struct search {
	struct iommu_system *sys;
	uint8_t seen[32]; /* devfns that steps 3 and 4 have looked at */
	struct iommu_dev *found;
};

static struct place place_of(struct iommu_dev *dev)
{
	return (struct place){ dev, dev->desc.segment, dev->desc.rid,
			       dev->desc.pci_isolates, dev->desc.pci_multifunction };
}

static struct place bridge_at(const struct iommu_dev *dev,
			      const struct iommu_pci_hop *hop)
{
	struct place p = { NULL, dev->desc.segment, hop->rid, hop->isolates,
			   hop->multifunction };

	CORE_LIST_FOR_EACH(pos, &dev->sys->devs)
	{
		struct iommu_dev *other = CORE_SYS_DEV(pos);

		if (other->desc.bus == IOMMU_BUS_PCI && other->desc.rid == hop->rid &&
		    other->desc.segment == dev->desc.segment) {
			p.dev = other;
			break;
		}
	}
	return p;
}

static bool take(struct search *s, struct iommu_dev *dev)
{
	if (!dev || !dev->group)
		return false;
	s->found = dev;
	return true;
}

/* (1) Bridges that lend their id; the last of them is where the others begin. */
static bool giver_has_group(struct search *s, const struct iommu_dev *dev,
			    struct place *at, size_t *hops)
{
	for (size_t i = 0; i < dev->desc.num_hops; i++) {
		if (!dev->desc.path[i].shares)
			continue;
		*at = bridge_at(dev, &dev->desc.path[i]);
		*hops = i + 1;
		if (take(s, at->dev))
			return true;
	}
	return false;
}

/* (1) Whatever the hierarchy: an id in common. */
static bool id_in_common(struct search *s, const struct iommu_dev *dev)
{
	CORE_LIST_FOR_EACH(pos, &s->sys->devs)
	{
		struct iommu_dev *other = CORE_SYS_DEV(pos);

		if (other != dev && core_dma_aliases(dev, other) && take(s, other))
			return true;
	}
	return false;
}

/* (2) From there on up, to where every bridge to the root isolates. */
static bool upstream_has_group(struct search *s, const struct iommu_dev *dev,
			       struct place *at, size_t hop)
{
	size_t isolated = dev->desc.num_hops;

	while (isolated > hop && dev->desc.path[isolated - 1].isolates)
		isolated--;
	for (; hop < isolated; hop++) {
		*at = bridge_at(dev, &dev->desc.path[hop]);
		if (take(s, at->dev))
			return true;
	}
	return false;
}

static bool has_quirk_alias(const struct iommu_dev *dev, uint16_t rid)
{
	for (size_t i = 0; dev && i < dev->desc.num_quirk_aliases; i++)
		if (dev->desc.aliases[i] == rid)
			return true;
	return false;
}

static bool on_bus_of(const struct place *p, const struct iommu_dev *dev)
{
	return dev != p->dev && dev->desc.bus == IOMMU_BUS_PCI &&
	       dev->desc.segment == p->segment && dev->desc.rid >> 8 == p->rid >> 8;
}

static bool slot_has_group(struct search *s, const struct place *p);

/* (3) It, or who is its alias, and so on: `seen` ends that after 256. */
static bool peer_has_group(struct search *s, const struct place *p)
{
	const unsigned devfn = p->rid & 0xffu;

	if (s->seen[devfn / 8] & 1u << devfn % 8)
		return false;
	s->seen[devfn / 8] = (uint8_t)(s->seen[devfn / 8] | 1u << devfn % 8);
	if (take(s, p->dev))
		return true;
	CORE_LIST_FOR_EACH(pos, &s->sys->devs)
	{
		struct iommu_dev *other = CORE_SYS_DEV(pos);
		const struct place q = place_of(other);

		if (on_bus_of(p, other) &&
		    (has_quirk_alias(p->dev, q.rid) || has_quirk_alias(other, p->rid)) &&
		    (peer_has_group(s, &q) || slot_has_group(s, &q)))
			return true;
	}
	return false;
}

/* (4) Functions of its slot, neither of which isolates. */
static bool slot_has_group(struct search *s, const struct place *p)
{
	if (!p->multifunction || p->isolates)
		return false;
	CORE_LIST_FOR_EACH(pos, &s->sys->devs)
	{
		struct iommu_dev *other = CORE_SYS_DEV(pos);
		const struct place q = place_of(other);

		if (on_bus_of(p, other) && (q.rid ^ p->rid) < 8 && !q.isolates &&
		    peer_has_group(s, &q))
			return true;
	}
	return false;
}

int iommu_pci_device_group(struct iommu_dev *dev, struct iommu_group **group)
{
	struct search s = { .sys = dev->sys };
	struct place at = place_of(dev);
	size_t hop = 0;

	if (giver_has_group(&s, dev, &at, &hop) || id_in_common(&s, dev) ||
	    upstream_has_group(&s, dev, &at, hop) || peer_has_group(&s, &at) ||
	    slot_has_group(&s, &at)) {
		*group = iommu_group_get(s.found);
		return 0;
	}
	return iommu_group_alloc(dev->sys, group);
}
