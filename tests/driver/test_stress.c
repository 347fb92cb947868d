/* SPDX-License-Identifier: MIT */
/*
 * Masters, domains and DMA at random, against the model. A shadow knows what each
 * master may reach after each completed operation, by RID and with its PASIDs; every DMA
 * is held against it, the more so where something has just been taken away (DRV-125 to
 * DRV-127, DRV-130). The last master of each actor is a PCI function, whose ATC is on and
 * off with its domains and holds what others unmap (DRV-69, DRV-84 to DRV-89).
 *
 * SMMU_STRESS_STEPS and SMMU_STRESS_SEED make it longer or another one.
 */
#include <errno.h>
#include <inttypes.h>
#include <pthread.h>
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>
#include "driver/driver.h"
#include "driver/pci_rig.h"

#define MASTERS	   3u /* of one actor, with up to three StreamIDs each */
#define DOMAINS	   3u /* of one actor, and one that all share */
#define EXTENTS	   96u
#define DATA_BYTES (UINT64_C(4) << 20) /* of one actor */

/* What was mapped: pages of one size, one after the other. */
struct extent {
	uint64_t iova, pa, size, pgsize;
	uint32_t prot;
};

/* A domain as one actor knows it: its own window of IOVAs. */
struct shadow {
	struct iommu_domain *domain;
	bool shared;
	uint64_t base[2], window; /* windows low and high in the aperture */
	struct extent ext[EXTENTS];
	unsigned n;
	unsigned users; /* masters of this actor in it */
};

/* One in the first leaf of a CD table, and one that is not. */
static const uint32_t pasids[] = { 3, 1500 };
#define PASIDS 2u

enum where { DEFAULT, OWNED, IDENTITY, PAGING };

struct pasid {
	struct shadow *shadow; /* NULL: in nothing */
	struct iommu_attach_handle *handle;
	struct iommu_attach_handle handles[2];
};

struct master {
	struct rig_dev *slot;
	char name[16];
	uint32_t sids[3];
	unsigned num_sids;
	enum where where;
	struct shadow *shadow;		    /* PAGING */
	struct iommu_attach_handle *handle; /* attached with one */
	struct iommu_attach_handle handles[2];
	struct pasid pasids[PASIDS];
	struct pci_fn *fn; /* NULL: no PCI function */
};

struct actor {
	struct rig *r;
	struct smmu_port *port;
	uint64_t rng, seed, step, data;
	bool alone; /* faults can be counted */
	struct pci_fn fn;
	struct master masters[MASTERS];
	struct shadow shadows[DOMAINS + 1];
	struct {
		uint64_t map, refused, unmap, attach, replace, detach, alloc, plug;
		uint64_t pasid, ok, faults;
	} done;
	const char *doing;
	pthread_t thread;
	char wrong[256];
};

static uint64_t rnd(struct actor *a, uint64_t below)
{
	a->rng ^= a->rng << 13;
	a->rng ^= a->rng >> 7;
	a->rng ^= a->rng << 17;
	return below ? (a->rng * UINT64_C(0x2545f4914f6cdd1d) >> 11) % below : 0;
}

static bool one_in(struct actor *a, unsigned n)
{
	return !rnd(a, n);
}

/* cmocka's assertions are for the main thread only: the first wrong is kept. */
static void wrong(struct actor *a, const char *what, uint64_t x, uint64_t y)
{
	if (!a->wrong[0])
		snprintf(a->wrong, sizeof(a->wrong),
			 "seed %#" PRIx64 " step %" PRIu64 " %s: %s (%#" PRIx64
			 ", %#" PRIx64 ")",
			 a->seed, a->step, a->doing, what, x, y);
}

#define CHECK(a, cond, x, y)                                                             \
	do {                                                                             \
		if (!(cond))                                                             \
			wrong((a), #cond, (uint64_t)(x), (uint64_t)(y));                 \
	} while (0)

/* ---- The shadow ---- */

static const struct extent *find(const struct shadow *s, uint64_t iova)
{
	for (unsigned i = 0; i < s->n; i++)
		if (iova - s->ext[i].iova < s->ext[i].size)
			return &s->ext[i];
	return NULL;
}

static bool overlaps(const struct shadow *s, uint64_t iova, uint64_t size)
{
	for (unsigned i = 0; i < s->n; i++)
		if (iova < s->ext[i].iova + s->ext[i].size &&
		    s->ext[i].iova < iova + size)
			return true;
	return false;
}

static uint64_t largest_page(uint64_t bitmap, uint64_t bits, uint64_t size)
{
	for (uint64_t s = UINT64_C(1) << 62; s; s >>= 1)
		if ((bitmap & s) && s <= size && !(bits & (s - 1)))
			return s;
	return 0;
}

/* The pages that a mapping must have come to: the largest that fit, in order. */
static unsigned pages_of(const struct shadow *s, uint64_t iova, uint64_t pa,
			 uint64_t size, uint32_t prot, struct extent *out)
{
	unsigned n = 0;

	for (uint64_t at = 0; at < size; n++) {
		struct extent e = { iova + at, pa + at, 0, 0, prot };

		e.pgsize =
			largest_page(s->domain->pgsize_bitmap, e.iova | e.pa, size - at);
		for (; at < size; at += e.pgsize, e.size += e.pgsize)
			if (largest_page(s->domain->pgsize_bitmap,
					 (iova + at) | (pa + at), size - at) != e.pgsize)
				break;
		out[n] = e;
	}
	return n;
}

static void shadow_remove(struct shadow *s, uint64_t iova, uint64_t size)
{
	for (unsigned i = 0; size && i < s->n;) {
		struct extent *e = &s->ext[i], tail = *e;
		uint64_t end = e->iova + e->size, cut = iova + size;

		if (cut <= e->iova || end <= iova) {
			i++;
			continue;
		}
		if (cut < end && s->n < EXTENTS) {
			tail.iova = cut;
			tail.pa += cut - e->iova;
			tail.size = end - cut;
			s->ext[s->n++] = tail;
		}
		if (e->iova < iova) {
			e->size = iova - e->iova;
			i++;
		} else {
			*e = s->ext[--s->n];
		}
	}
}

/* ---- DMA, and what must become of it ---- */

struct expected {
	bool ok;
	uint64_t pa;
	const char *reason; /* NULL: any */
};

/* pasid: one of the master's that is in something; NULL: by RID. */
static struct expected expect(const struct master *m, const struct pasid *pasid,
			      uint64_t iova, bool write)
{
	const struct arm_smmu_master *drv = iommu_dev_priv(m->slot->dev);
	struct expected x = { .reason = "F_TRANSLATION" };
	const struct extent *e;

	if (!pasid && m->where == IDENTITY)
		return (struct expected){ .ok = !(iova >> drv->smmu->oas),
					  .pa = iova,
					  .reason = "F_ADDR_SIZE" };
	if (!pasid && m->where == OWNED) /* STE aborts, no event; or S1DSS, with one */
		return (struct expected){ .reason = drv->num_pasids ? "F_STREAM_DISABLED"
								    : NULL };
	if (pasid)
		e = find(pasid->shadow, iova);
	else
		e = m->where == PAGING ? find(m->shadow, iova) : NULL;
	if (!e)
		return x;
	x.pa = e->pa + (iova - e->iova);
	x.ok = write ? e->prot & IOMMU_WRITE : e->prot & IOMMU_READ;
	x.reason = "F_PERMISSION";
	return x;
}

static bool in_data(const struct actor *a, uint64_t pa)
{
	return pa >= a->data && pa - a->data <= DATA_BYTES - 8;
}

static void check_fault(struct actor *a, const struct expected *x, unsigned before,
			uint32_t sid, uint64_t iova)
{
	struct rig *r = a->r;

	a->done.faults++;
	if (!a->alone)
		return;
	CHECK(a, r->faults == before + (x->reason != NULL), r->faults, before);
	if (!x->reason || r->faults == before)
		return;
	CHECK(a, !strcmp(r->reason, x->reason), iova, sid);
	CHECK(a, r->fault.id == sid, r->fault.id, sid);
	if (strcmp(x->reason, "F_STREAM_DISABLED"))
		CHECK(a, r->fault.iova == iova, r->fault.iova, iova);
}

/* The same through the function and its ATC. What it is refused is no event. */
static void access_by_function(struct actor *a, const struct master *m,
			       const struct expected *x, uint32_t ssid, uint64_t iova,
			       bool write)
{
	uint64_t sent = rnd(a, UINT64_MAX), value = write ? sent : ~sent;
	int err;

	if (x->ok && !in_data(a, x->pa))
		return;
	if (x->ok && !write)
		smmu_bus_write64(a->r->bus, x->pa, sent, NULL);
	err = pci_dma(m->fn, ssid, iova, write, &value);
	CHECK(a, err == (x->ok ? 0 : -EFAULT), err, iova);
	if (x->ok && write)
		smmu_bus_read64(a->r->bus, x->pa, &value, NULL);
	CHECK(a, !x->ok || value == sent, iova, x->pa);
	a->done.ok += x->ok;
	a->done.faults += !x->ok;
}

/* which: of the master's PASIDs, which is in something; PASIDS: by RID. */
static void access_as(struct actor *a, const struct master *m, unsigned which,
		      uint64_t iova)
{
	bool write = rnd(a, 2), ssv = which < PASIDS;
	struct expected x = expect(m, ssv ? &m->pasids[which] : NULL, iova, write);
	struct smmu_txn txn = { .sid = m->sids[rnd(a, m->num_sids)],
				.ssv = ssv,
				.ssid = ssv ? pasids[which] : 0,
				.addr = iova,
				.op = write ? SMMU_WRITE : SMMU_READ };
	unsigned before = a->alone ? a->r->faults : 0;
	uint64_t value = rnd(a, UINT64_MAX), sent = value;
	struct smmu_result res;

	if (m->fn) {
		access_by_function(a, m, &x, txn.ssid, iova, write);
		return;
	}
	if (x.ok && !in_data(a, x.pa)) {
		res = smmu_translate(a->port, &txn);
		CHECK(a, res.status == SMMU_OK, res.event, iova);
		CHECK(a, res.pa == x.pa, res.pa, x.pa);
		a->done.ok++;
		return;
	}
	if (x.ok && !write)
		smmu_bus_write64(a->r->bus, x.pa, sent, NULL);
	if (!write)
		value = ~sent;
	res = smmu_dma(a->port, &txn, &value, 8, NULL);
	if (!x.ok) {
		CHECK(a, res.status == SMMU_ABORT, iova, res.pa);
		check_fault(a, &x, before, txn.sid, iova);
		return;
	}
	a->done.ok++;
	CHECK(a, res.status == SMMU_OK, res.event, iova);
	if (write)
		smmu_bus_read64(a->r->bus, x.pa, &value, NULL);
	CHECK(a, value == sent, iova, x.pa);
}

static bool in_windows(const struct shadow *s, uint64_t iova)
{
	return iova - s->base[0] < s->window || iova - s->base[1] < s->window;
}

/* An address of an 8-byte access in the actor's windows, often near something. */
static uint64_t some_iova(struct actor *a, const struct shadow *s)
{
	const struct extent *e = &s->ext[rnd(a, s->n)];

	if (!s->n || one_in(a, 4))
		return s->base[rnd(a, 2)] + (rnd(a, s->window) & ~UINT64_C(7));
	switch (rnd(a, 4)) {
	case 0:
		return e->iova;
	case 1:
		return e->iova + e->size - 8;
	case 2:
		/* The first that is not, perhaps. */
		return e->iova + (in_windows(s, e->iova + e->size) ? e->size : 0);
	default:
		return e->iova + (rnd(a, e->size) & ~UINT64_C(7));
	}
}

/* Ends and middle of a range, and what is beside it. */
static void touch_as(struct actor *a, const struct master *m, unsigned which,
		     const struct shadow *s, uint64_t iova, uint64_t size)
{
	uint64_t page = s->domain->pgsize_bitmap & -s->domain->pgsize_bitmap;

	access_as(a, m, which, iova);
	access_as(a, m, which, iova + size - 8);
	for (unsigned n = 0; n < 4; n++)
		access_as(a, m, which,
			  iova + (rnd(a, size) & ~(page - 1)) +
				  (rnd(a, page) & ~UINT64_C(7)));
	if (in_windows(s, iova - 8))
		access_as(a, m, which, iova - 8);
	if (in_windows(s, iova + size))
		access_as(a, m, which, iova + size);
}

/* By every master in the domain, and every PASID. */
static void touch(struct actor *a, const struct shadow *s, uint64_t iova, uint64_t size)
{
	for (unsigned i = 0; i < MASTERS; i++) {
		const struct master *m = &a->masters[i];

		if (m->where == PAGING && m->shadow == s)
			touch_as(a, m, PASIDS, s, iova, size);
		for (unsigned p = 0; p < PASIDS; p++)
			if (m->pasids[p].shadow == s)
				touch_as(a, m, p, s, iova, size);
	}
}

/* Addresses are those of the domain that is asked: in others' windows others map. */
static void touch_some(struct actor *a, unsigned n)
{
	a->doing = "dma";
	while (n--) {
		const struct master *m = &a->masters[rnd(a, MASTERS)];
		unsigned which = (unsigned)rnd(a, PASIDS + 1);
		const struct shadow *s =
			m->where == PAGING ? m->shadow : &a->shadows[rnd(a, DOMAINS)];

		if (which < PASIDS && m->pasids[which].shadow)
			s = m->pasids[which].shadow;
		else
			which = PASIDS;
		if (which == PASIDS && m->where == IDENTITY && one_in(a, 2))
			access_as(a, m, which, a->data + 8 * rnd(a, DATA_BYTES / 8));
		else
			access_as(a, m, which, some_iova(a, s));
	}
}

/* ---- Mapping ---- */

/* A block of the smallest kind; the page itself if there are no blocks. */
static uint64_t block_of(const struct shadow *s)
{
	uint64_t bits = s->domain->pgsize_bitmap, above = bits & (bits - 1);

	return above ? above & -above : bits & -bits;
}

static void choose_range(struct actor *a, const struct shadow *s, uint64_t *iova,
			 uint64_t *size)
{
	uint64_t page = s->domain->pgsize_bitmap & -s->domain->pgsize_bitmap;
	uint64_t block = block_of(s), pages = s->window / page, at;

	at = rnd(a, pages);
	if (one_in(a, 3))
		at &= ~(block / page - 1);
	else if (one_in(a, 2)) /* close below a block */
		at = (at | (block / page - 1)) - rnd(a, 8) % pages;
	at %= pages;
	switch (rnd(a, 8)) {
	case 0:
		*size = block / page;
		break;
	case 1:
		*size = block / page * (1 + rnd(a, 3)) + rnd(a, 5);
		break;
	case 2:
		*size = 1 + rnd(a, 700);
		break;
	default:
		*size = 1 + rnd(a, 40);
	}
	if (*size > pages - at)
		*size = pages - at;
	/* A long run of small pages takes long and shows nothing. */
	*iova = s->base[rnd(a, 2)] + at * page;
	*size *= page;
}

static uint64_t choose_pa(struct actor *a, const struct shadow *s, uint64_t iova,
			  uint64_t size)
{
	const struct arm_smmu_domain *d = to_domain(s->domain);
	uint64_t page = s->domain->pgsize_bitmap & -s->domain->pgsize_bitmap;
	uint64_t block = block_of(s), top = UINT64_C(1) << d->pgcfg.oas, pa;

	if (size <= DATA_BYTES && one_in(a, 2))
		return a->data + (rnd(a, DATA_BYTES - size + 1) & ~(page - 1));
	pa = rnd(a, top - size) & ~(page - 1);
	if (!one_in(a, 4) && (pa & ~(block - 1)) + 2 * block + size < top)
		pa = (pa & ~(block - 1)) + (iova & (block - 1)); /* blocks fit */
	else if (size > 2000 * page) /* no: so many small pages take too long */
		pa = (iova & (block - 1)) + 4 * block;
	return pa;
}

static void do_map(struct actor *a, struct shadow *s)
{
	static const uint32_t prots[] = { IOMMU_READ, IOMMU_WRITE,
					  IOMMU_READ | IOMMU_WRITE | IOMMU_CACHE,
					  IOMMU_READ | IOMMU_WRITE | IOMMU_CACHE };
	struct extent add[8];
	uint64_t iova, size, pa;
	uint32_t prot = prots[rnd(a, 4)], seen = prot;
	unsigned n;
	int err;

	choose_range(a, s, &iova, &size);
	pa = choose_pa(a, s, iova, size);
	/* Stage 1 cannot refuse reads (pgtable.h). */
	if (to_domain(s->domain)->stage == STAGE_1)
		seen |= IOMMU_READ;
	n = pages_of(s, iova, pa, size, seen, add);
	if (s->n + n + 2 > EXTENTS)
		return;
	a->doing = "map";
	if (one_in(a, 2))
		touch(a, s, iova, size); /* misses must not be remembered */
	err = iommu_map(s->domain, iova, pa, size, prot);
	if (overlaps(s, iova, size)) {
		CHECK(a, err == -EEXIST, err, iova);
		a->done.refused++;
	} else {
		CHECK(a, err == 0, err, iova);
		memcpy(&s->ext[s->n], add, n * sizeof(*add));
		s->n += n;
		a->done.map++;
	}
	touch(a, s, iova, size);
}

/* All of [iova, iova + size) consists of whole pages? */
static bool whole(const struct shadow *s, uint64_t iova, uint64_t size)
{
	for (uint64_t at = 0; at < size;) {
		const struct extent *e = find(s, iova + at);
		uint64_t left;

		if (!e || (iova + at - e->iova) & (e->pgsize - 1))
			return false;
		left = e->iova + e->size - (iova + at);
		if (left > size - at) {
			left = size - at;
			if (left & (e->pgsize - 1))
				return false;
		}
		at += left;
	}
	return true;
}

static void do_unmap(struct actor *a, struct shadow *s)
{
	const struct extent *e = &s->ext[rnd(a, s->n)];
	uint64_t iova, size, got, page;
	bool all;

	if (!s->n)
		return;
	page = one_in(a, 4) ? s->domain->pgsize_bitmap & -s->domain->pgsize_bitmap
			    : e->pgsize;
	iova = e->iova;
	size = e->size;
	if (one_in(a, 3) && size > page) { /* a part of it */
		uint64_t from = rnd(a, size / page), to = rnd(a, size / page);

		iova += (from < to ? from : to) * page;
		size = ((from < to ? to - from : from - to) + 1) * page;
	} else if (one_in(a, 6)) {
		choose_range(a, s, &iova, &size); /* whatever is there */
	}
	/* With what follows it: pages of several sizes in one go. */
	while (one_in(a, 2) && find(s, iova + size)) {
		e = find(s, iova + size);
		size += e->iova + e->size - (iova + size);
	}
	a->doing = "unmap";
	touch(a, s, iova, size); /* now it is cached */
	all = whole(s, iova, size);
	got = iommu_unmap(s->domain, iova, size);
	CHECK(a, got <= size && !(all && got != size), got, size);
	CHECK(a, !got || !find(s, iova) || whole(s, iova, 0), got, size);
	shadow_remove(s, iova, got);
	if (got < size && find(s, iova + got)) {
		/* It stopped at a page that is not wholly in the range. */
		e = find(s, iova + got);
		CHECK(a,
		      ((iova + got - e->iova) & (e->pgsize - 1)) ||
			      e->pgsize > size - got,
		      iova + got, e->pgsize);
	}
	a->done.unmap += got != 0;
	touch(a, s, iova, size);
}

/* ---- Domains and masters ---- */

static void open_shadow(struct actor *a, struct shadow *s, struct iommu_domain *domain,
			unsigned index)
{
	uint64_t page = domain->pgsize_bitmap & -domain->pgsize_bitmap;
	uint64_t last = domain->aperture_last;

	s->domain = domain;
	s->n = s->users = 0;
	s->window = block_of(s) > page ? 4 * block_of(s) : 1024 * page;
	s->base[0] = s->window * index;
	s->base[1] = last + 1 - s->window * (index + 1);
	(void)a;
}

static void do_alloc(struct actor *a, struct shadow *s)
{
	const struct rig *r = a->r;
	uint32_t flags = r->cfg.s2p && one_in(a, 2) ? IOMMU_ALLOC_STAGE2 : 0;
	struct iommu_domain *domain = NULL;
	int err = iommu_paging_domain_alloc(a->masters[0].slot->dev, flags, &domain);

	a->doing = "alloc";
	CHECK(a, err == 0, err, flags);
	if (err)
		return;
	a->done.alloc++;
	open_shadow(a, s, domain, 0);
}

static struct iommu_group *group_of(const struct master *m)
{
	return iommu_group_get(m->slot->dev);
}

static void moved(struct master *m, enum where where, struct shadow *s)
{
	if (m->where == PAGING)
		m->shadow->users--;
	m->where = where;
	m->shadow = s;
	if (s)
		s->users++;
}

static bool has_pasids(const struct master *m)
{
	return m->pasids[0].shadow || m->pasids[1].shadow;
}

static bool stage_2(const struct shadow *s)
{
	return to_domain(s->domain)->stage == STAGE_2;
}

/* DRV-83, DRV-88: PASIDs and a stage 2 exclude each other. */
static int want_of_rid(const struct master *m, const struct shadow *s)
{
	return stage_2(s) && has_pasids(m) ? -EBUSY : 0;
}

static int want_of_pasid(const struct master *m, const struct shadow *s, uint32_t pasid)
{
	const struct arm_smmu_master *drv = iommu_dev_priv(m->slot->dev);

	if (pasid >> drv->ssid_bits) /* DRV-29: a linear table has 1024 CDs */
		return -EINVAL;
	if (stage_2(s) || (m->where == PAGING && stage_2(m->shadow)))
		return -EINVAL;
	return 0;
}

static void moved_pasid(struct pasid *p, struct shadow *s)
{
	if (p->shadow)
		p->shadow->users--;
	p->shadow = s;
	if (s)
		s->users++;
}

static void do_pasid(struct actor *a, struct master *m)
{
	struct shadow *s = &a->shadows[rnd(a, DOMAINS + 1)];
	unsigned which = (unsigned)rnd(a, PASIDS);
	struct pasid *p = &m->pasids[which];
	struct iommu_attach_handle *h = &p->handles[p->handle == p->handles];
	struct iommu_dev *dev = m->slot->dev;
	int err = 0, want = want_of_pasid(m, s, pasids[which]);

	a->doing = "pasid";
	if (!p->shadow) {
		err = iommu_attach_device_pasid(s->domain, dev, pasids[which], h);
		CHECK(a, err == want, err, want);
	} else if (one_in(a, 2)) {
		iommu_detach_device_pasid(p->shadow->domain, dev, pasids[which]);
		p->handle = NULL;
		moved_pasid(p, NULL);
		return;
	} else {
		if (s == p->shadow)
			want = 0; /* the handle alone */
		err = iommu_replace_device_pasid(s->domain, dev, pasids[which], h);
		CHECK(a, err == want, err, want);
	}
	if (err)
		return;
	p->handle = h;
	moved_pasid(p, s);
	a->done.pasid++;
}

static void do_attach(struct actor *a, struct master *m)
{
	struct shadow *s = &a->shadows[rnd(a, DOMAINS + 1)];
	struct iommu_group *group = group_of(m);
	struct iommu_domain *identity = NULL;
	int err;

	a->doing = "attach";
	if (!s->domain) {
		CHECK(a, m->where != PAGING || m->shadow != s, 0, 0);
	} else if (m->where == DEFAULT && one_in(a, 5)) {
		err = iommu_identity_domain_alloc(m->slot->dev, &identity);
		CHECK(a, err == 0, err, 0);
		err = iommu_attach_device(identity, m->slot->dev);
		CHECK(a, err == 0, err, 0);
		moved(m, IDENTITY, NULL);
	} else if (m->where == DEFAULT || m->where == OWNED) {
		struct iommu_attach_handle *h = one_in(a, 2) ? &m->handles[0] : NULL;

		err = h ? iommu_attach_group_handle(s->domain, group, h)
			: iommu_attach_group(s->domain, group);
		CHECK(a, err == want_of_rid(m, s), err, 0);
		if (!err) {
			m->handle = h;
			moved(m, PAGING, s);
		}
		a->done.attach += !err;
	} else if (m->handle) {
		struct iommu_attach_handle *h = &m->handles[m->handle == m->handles];

		err = iommu_replace_group_handle(group, s->domain, h);
		CHECK(a, err == (s == m->shadow ? 0 : want_of_rid(m, s)), err, 0);
		if (!err) {
			m->handle = h;
			moved(m, PAGING, s);
		}
		a->done.replace += !err;
	} else {
		err = iommu_attach_group(s->domain, group);
		CHECK(a, err == -EBUSY, err, 0); /* CORE-55 */
	}
	iommu_group_put(group);
}

static void do_detach(struct actor *a, struct master *m)
{
	struct iommu_group *group = group_of(m);
	bool owned = iommu_group_dma_owner_claimed(group);

	a->doing = "detach";
	if (m->where == IDENTITY)
		iommu_detach_device(iommu_get_domain_for_dev(m->slot->dev), m->slot->dev);
	else if (m->where == PAGING && m->handle)
		iommu_detach_group_handle(m->shadow->domain, group);
	else if (m->where == PAGING)
		iommu_detach_group(m->shadow->domain, group);
	if (m->where == IDENTITY || m->where == PAGING) {
		m->handle = NULL;
		moved(m, owned ? OWNED : DEFAULT, NULL);
		a->done.detach++;
	} else if (m->where == DEFAULT) {
		int err = iommu_group_claim_dma_owner(group, m);

		CHECK(a, err == (has_pasids(m) ? -EBUSY : 0), err, 0); /* CORE-75 */
		m->where = err ? DEFAULT : OWNED;
	} else if (!has_pasids(m)) { /* CORE-78: they are to go first */
		iommu_group_release_dma_owner(group);
		m->where = DEFAULT;
	}
	iommu_group_put(group);
}

static void plug(struct actor *a, struct master *m)
{
	struct iommu_dev_desc desc = *iommu_dev_desc(m->slot->dev);
	int err;

	a->doing = "plug";
	desc.name = m->name;
	iommu_dev_remove(m->slot->dev);
	for (unsigned i = 0; i < m->num_sids; i++) { /* aborted, without a word */
		struct smmu_txn txn = { .sid = m->sids[i], .op = SMMU_READ };
		unsigned before = a->r->faults;
		uint64_t value;
		struct smmu_result res = smmu_dma(a->port, &txn, &value, 8, NULL);

		CHECK(a, res.status == SMMU_ABORT, i, res.pa);
		CHECK(a, a->r->faults == before, i, before);
	}
	err = iommu_dev_add(a->r->sys, &desc, &m->slot->dev);
	CHECK(a, err == 0 && iommu_dev_has_iommu(m->slot->dev), err, 0);
	a->done.plug++;
}

static void do_free(struct actor *a, struct shadow *s)
{
	a->doing = "free";
	/* With everything still mapped (DRV-64), its tag to be used again at once. */
	iommu_domain_free(s->domain);
	s->domain = NULL;
	do_alloc(a, s);
}

static void step(struct actor *a)
{
	struct shadow *s = &a->shadows[rnd(a, DOMAINS + 1)];
	struct master *m = &a->masters[rnd(a, MASTERS)];
	unsigned what = (unsigned)rnd(a, 32);

	if (what < 10)
		do_map(a, s);
	else if (what < 19)
		do_unmap(a, s);
	else if (what < 24)
		do_attach(a, m);
	else if (what < 27)
		do_detach(a, m);
	else if (what < 28 && a->r->cfg.ssid_bits)
		do_pasid(a, m);
	else if (what < 29 && !s->shared && !s->users)
		do_free(a, s);
	else if (what < 30 && a->alone && m->where == DEFAULT && !has_pasids(m) && !m->fn)
		plug(a, m);
	else if (a->r->cfg.ssid_bits)
		do_pasid(a, m);
	touch_some(a, 6);
}

/* ---- A run ---- */

static uint64_t from_env(const char *name, uint64_t otherwise)
{
	const char *value = getenv(name);

	return value ? strtoull(value, NULL, 0) : otherwise;
}

static void *run(void *arg)
{
	struct actor *a = arg;
	uint64_t steps = from_env("SMMU_STRESS_STEPS", 100);

	for (a->step = 0; a->step < steps && !a->wrong[0]; a->step++)
		step(a);
	return NULL;
}

static void actor_init(struct actor *a, struct rig *r, unsigned index, uint64_t seed)
{
	*a = (struct actor){ .r = r,
			     .seed = seed,
			     .rng = seed * 2654435769u + 1 + index };
	a->port = smmu_port_open(r->smmu);
	assert_non_null(a->port);
	a->data = DATA_BASE + DATA_BYTES * index;
	for (unsigned i = 0; i < MASTERS; i++) {
		struct master *m = &a->masters[i];

		m->num_sids = 1 + i % 3;
		for (unsigned n = 0; n < m->num_sids; n++) /* not in one L2 table */
			m->sids[n] = index * 16 + i * 4 + n + n * 256;
		snprintf(m->name, sizeof(m->name), "dev%u.%u", index, i);
		m->slot = &r->devs[r->num_devs];
		if (i == MASTERS - 1) {
			struct smmu_pcie_config fn = pci_function(m->sids[0]);

			fn.pri = false;
			fn.pasid_width = 12;
			m->fn = &a->fn;
			m->num_sids = 1;
			pci_add(r, m->fn, m->name, &fn, m->sids, 1,
				IOMMU_FWSPEC_PCI_RC_ATS);
		} else {
			r->devs[r->num_devs].pasid_bits = 12;
			rig_add(r, m->name, m->sids, m->num_sids);
		}
		assert_true(iommu_dev_has_iommu(m->slot->dev));
	}
	for (unsigned i = 0; i < DOMAINS; i++)
		do_alloc(a, &a->shadows[i]);
}

static void actor_fini(struct actor *a)
{
	for (unsigned i = 0; i < MASTERS; i++) {
		struct master *m = &a->masters[i];

		for (unsigned p = 0; p < PASIDS; p++)
			if (m->pasids[p].shadow) {
				iommu_detach_device_pasid(m->pasids[p].shadow->domain,
							  m->slot->dev, pasids[p]);
				moved_pasid(&m->pasids[p], NULL);
			}
		while (m->where != DEFAULT)
			do_detach(a, m);
	}
	for (unsigned i = 0; i < DOMAINS; i++)
		iommu_domain_free(a->shadows[i].domain);
	smmu_port_close(a->port);
}

#define TOTALS 11u
static uint64_t totals[TOTALS];

static void add_up(const struct actor *a)
{
	const uint64_t *from = &a->done.map;

	for (unsigned i = 0; i < TOTALS; i++)
		totals[i] += from[i];
}

static void stress(const struct smmu_config *cfg, unsigned threads, bool stage2_alone,
		   uint64_t seed)
{
	struct actor *actors = calloc(threads, sizeof(*actors));
	struct iommu_domain *shared = NULL;
	struct rig r;

	assert_non_null(actors);
	rig_init(&r, cfg);
	r.yields = threads > 1;
	if (cfg->ecmdq) /* with the control pages in the window */
		r.desc.size = 0x100000;
	if (stage2_alone) {
		uint64_t idr0 = smmu_mmio_read(r.smmu, SMMU_REG_IDR0, 4);

		rig_lie(&r, SMMU_REG_IDR0,
			(uint32_t)smmu_reg_set(idr0, SMMU_IDR0_S1P, 0));
	}
	assert_int_equal(rig_probe(&r), 0);
	for (unsigned i = 0; i < threads; i++)
		actor_init(&actors[i], &r, i, seed);
	assert_int_equal(iommu_paging_domain_alloc(r.devs[0].dev, 0, &shared), 0);
	for (unsigned i = 0; i < threads; i++) {
		actors[i].alone = threads == 1;
		open_shadow(&actors[i], &actors[i].shadows[DOMAINS], shared, i);
		actors[i].shadows[DOMAINS].shared = true;
	}
	for (unsigned i = 1; i < threads; i++)
		assert_int_equal(pthread_create(&actors[i].thread, NULL, run, &actors[i]),
				 0);
	run(&actors[0]);
	for (unsigned i = 1; i < threads; i++)
		pthread_join(actors[i].thread, NULL);
	for (unsigned i = 0; i < threads; i++) {
		assert_string_equal(actors[i].wrong, "");
		add_up(&actors[i]);
		actor_fini(&actors[i]);
	}
	assert_int_equal(rig_users(shared), 0);
	iommu_domain_free(shared);
	assert_int_equal(r.errors, 0);
	for (size_t i = 0; i < r.num_devs; i++)
		iommu_dev_remove(r.devs[i].dev);
	r.num_devs = 0;
	for (unsigned i = 0; i < threads; i++)
		pci_remove(&actors[i].fn);
	free(actors);
	rig_down(&r);
}

/* Every granule, size of address, form of invalidation and stage. */
static void every_shape(unsigned threads)
{
	static const struct {
		uint8_t granule, oas; /* log2; the code of IDR5.OAS */
	} shapes[] = { { 12, 5 }, { 12, 2 }, { 12, 0 }, { 14, 5 },
		       { 14, 3 }, { 16, 6 }, { 16, 5 }, { 16, 0 } };
	uint64_t seed = from_env("SMMU_STRESS_SEED", 1);

	for (unsigned i = 0; i < sizeof(shapes) / sizeof(shapes[0]); i++)
		for (unsigned kind = 0; kind < 6; kind++) {
			struct smmu_config cfg;

			/* Without ranges there is no SMMUv3.2. */
			smmu_config_init(&cfg,
					 kind & 1 ? SMMU_PRESET_V3_2 : SMMU_PRESET_V3_1);
			cfg.sid_bits = 10;
			cfg.cmdqs = 10;
			cfg.eventqs = 7;
			cfg.gran4k = shapes[i].granule == 12;
			cfg.gran16k = shapes[i].granule == 14;
			cfg.gran64k = shapes[i].granule == 16;
			cfg.oas = shapes[i].oas;
			cfg.ats = cfg.ns1ats = 1;
			/* A table of two levels, of one, or no PASIDs. */
			cfg.ssid_bits = kind / 2 == 2 ? 0 : 12;
			cfg.cd2l = !(i & 1);
			if (kind / 2 == 1) {
				cfg.tlb_entries = 16;
				cfg.config_entries = 4;
				cfg.cmdqs = 7;
				cfg.asid16 = cfg.vmid16 = 0;
			}
			/* Stages both, both with small caches and tags, and 2 alone. */
			stress(&cfg, threads, kind / 2 == 2, seed * 1000 + i * 10 + kind);
		}
}

static void alone(void **state)
{
	(void)state;
	every_shape(1);
}

static void two_threads(void **state)
{
	(void)state;
	every_shape(2);
}

/* DRV-95, DRV-100: four on one command queue, and each on its own or nearly so. */
static void four_threads(void **state)
{
	uint64_t seed = from_env("SMMU_STRESS_SEED", 1);

	(void)state;
	for (unsigned kind = 0; kind < 8; kind++) {
		struct smmu_config cfg;

		smmu_config_init(&cfg, kind & 1 ? SMMU_PRESET_V3_3 : SMMU_PRESET_V3_1);
		cfg.sid_bits = 10;
		cfg.cmdqs = cfg.eventqs = 7;
		cfg.ats = cfg.ns1ats = 1;
		cfg.ssid_bits = kind & 4 ? 0 : 12;
		cfg.ecmdq = kind & 1;
		cfg.cmdq_control_page_log2numq = kind & 1 ? 3 : 0;
		/* A CMD_SYNC is polled for, by message or by register. */
		cfg.msi = (kind & 1) || (kind & 2);
		stress(&cfg, 4, kind & 4, seed * 1000 + 500 + kind);
	}
}

static int say_totals(void **state)
{
	static const char *const names[] = { "maps",	 "refused",   "unmaps",
					     "attaches", "replaces",  "detaches",
					     "allocs",	 "plugs",     "PASIDs",
					     "DMA ok",	 "DMA faults" };

	(void)state;
	for (unsigned i = 0; i < TOTALS; i++)
		printf("%s %" PRIu64 "%s", names[i], totals[i],
		       i < TOTALS - 1 ? ", " : "\n");
	/* All of it did happen. */
	for (unsigned i = 0; i < TOTALS; i++)
		if (!totals[i])
			return -1;
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(alone),
		cmocka_unit_test(two_threads),
		cmocka_unit_test(four_threads),
	};

	return cmocka_run_group_tests_name("driver_stress", tests, NULL, say_totals);
}
