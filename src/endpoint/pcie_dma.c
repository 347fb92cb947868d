/* SPDX-License-Identifier: MIT */
/*
 * The DMA engine: untranslated while ATS is off; with it, translations are asked for
 * once, kept in the ATC, and used until an invalidation takes them away.
 */
#include <errno.h>
#include "endpoint/pcie.h"

enum { PAGE = 4096 };

static int check(struct smmu_pcie *fn, const struct smmu_pcie_dma *dma)
{
	unsigned ctrl = pcie_pasid_ctrl(fn);

	if (!fn->present)
		return -ENODEV;
	if (!dma->buf || (dma->op != SMMU_READ && dma->op != SMMU_WRITE) ||
	    (dma->len && dma->addr + (dma->len - 1) < dma->addr))
		return -EINVAL;
	if (dma->ssv && (!(ctrl & PASID_ENABLE) || dma->ssid >> fn->cfg.pasid_width))
		return -EINVAL;
	if ((dma->exec && !(dma->ssv && (ctrl & PASID_EXEC))) ||
	    (dma->priv && !(dma->ssv && (ctrl & PASID_PRIV))))
		return -EINVAL;
	return pcie_master_on(fn) ? 0 : -EACCES;
}

/* From here on invalidations wait for the end of it. *resets: to notice one. */
static int begin(struct smmu_pcie *fn, const struct smmu_pcie_dma *dma, uint64_t *resets)
{
	int err;

	pthread_mutex_lock(fn->lock);
	err = check(fn, dma);
	if (!err)
		fn->busy++;
	*resets = fn->stats.resets;
	pthread_mutex_unlock(fn->lock);
	return err;
}

static void end(struct smmu_pcie *fn)
{
	bool answer;

	pthread_mutex_lock(fn->lock);
	answer = --fn->busy == 0 && fn->cfg.manners == SMMU_PCIE_POLITE;
	pthread_mutex_unlock(fn->lock);
	if (answer)
		(void)smmu_pcie_answer(fn);
}

/* How an address is to be used: untranslated, or an entry's copy. */
struct found {
	bool ats;
	struct atc_entry entry;
};

static bool grants(const struct atc_entry *e, const struct smmu_pcie_dma *dma, bool both)
{
	if (both)
		return e->read && e->write;
	if (dma->op == SMMU_WRITE)
		return e->write;
	return dma->exec ? e->exec : e->read;
}

/* One Translation Request; false: try again, an invalidation came in between. */
static bool ask(struct smmu_pcie *fn, const struct smmu_pcie_dma *dma,
		const struct atc_key *key, uint64_t seq, bool write, struct found *found,
		int *err)
{
	const struct smmu_ats_request req = {
		.sid = fn->cfg.sid,
		.ssid = dma->ssid,
		.ssv = dma->ssv,
		.no_write = !write,
		.exec = dma->exec,
		.priv = dma->priv,
		.addr = key->addr,
	};
	struct smmu_ats_completion comp = smmu_ats_request(fn->port, &req);
	bool valid;

	pthread_mutex_lock(fn->lock);
	valid = fn->inv_seq == seq;
	*err = comp.status == SMMU_ATS_SUCCESS ? 0 : -EFAULT;
	if (valid && !*err) {
		/* This one, whatever else of another size covers the address. */
		found->entry = *atc_fill(&fn->atc, key, &comp);
		fn->stats.atc_fills++;
	}
	pthread_mutex_unlock(fn->lock);
	return valid;
}

/* What the ATC has, or gets. -EFAULT: no translation with this permission. */
static int look_up(struct smmu_pcie *fn, const struct smmu_pcie_dma *dma, uint64_t addr,
		   bool both, uint64_t resets, struct found *found)
{
	const struct atc_key key = { addr, dma->ssv ? dma->ssid : 0, dma->ssv,
				     dma->priv };
	bool write = both || dma->op == SMMU_WRITE;
	int err = 0;

	for (;;) {
		const struct atc_entry *e;
		uint64_t seq;
		bool hit;

		pthread_mutex_lock(fn->lock);
		if (fn->stats.resets != resets) {
			pthread_mutex_unlock(fn->lock);
			return -ECANCELED;
		}
		found->ats = pcie_ats_on(fn);
		seq = fn->inv_seq;
		e = found->ats ? atc_find(&fn->atc, &key) : NULL;
		hit = e && grants(e, dma, both);
		if (hit)
			found->entry = *e;
		fn->stats.atc_hits += hit;
		fn->stats.atc_misses += found->ats && !hit;
		pthread_mutex_unlock(fn->lock);
		if (hit || !found->ats)
			return 0;
		/* An entry with less than is needed is asked for again (10.2.3). */
		if (ask(fn, dma, &key, seq, write, found, &err))
			break;
	}
	if (!err && !grants(&found->entry, dma, both))
		err = -EFAULT;
	return err;
}

/* Bytes that this translation serves, at most `left`. */
static uint64_t reach(const struct found *found, uint64_t addr, uint64_t left)
{
	uint64_t size = PAGE, room;

	if (found->ats)
		size = UINT64_C(1) << found->entry.page_bits;
	room = size - (addr & (size - 1));
	return left < room ? left : room;
}

static struct smmu_txn txn_of(const struct smmu_pcie *fn, const struct smmu_pcie_dma *dma,
			      const struct found *found, uint64_t addr)
{
	struct smmu_txn txn = {
		.sid = fn->cfg.sid,
		.ssid = dma->ssid,
		.ssv = dma->ssv,
		.inst = dma->exec,
		.priv = dma->priv,
		.op = dma->op,
		.no_stall = true, /* IHI 0070 16.4 */
		.addr = addr,
	};

	if (found->ats) {
		txn.at = SMMU_AT_TRANSLATED;
		txn.addr = found->entry.target + (addr - found->entry.addr);
	}
	return txn;
}

static int move(struct smmu_pcie *fn, const struct smmu_pcie_dma *dma, uint64_t resets,
		uint64_t *done)
{
	while (*done < dma->len) {
		uint64_t addr = dma->addr + *done, moved = 0;
		struct found found;
		struct smmu_txn txn;
		struct smmu_result r;
		int err = look_up(fn, dma, addr, false, resets, &found);

		if (err == -EFAULT && dma->page_in)
			err = pcie_ask_page(fn, dma, addr);
		if (err)
			return err;
		txn = txn_of(fn, dma, &found, addr);
		r = smmu_dma(fn->port, &txn, (char *)dma->buf + *done,
			     reach(&found, addr, dma->len - *done), &moved);
		*done += moved;
		if (r.status != SMMU_OK)
			return -EFAULT;
	}
	return 0;
}

int smmu_pcie_dma(struct smmu_pcie *fn, const struct smmu_pcie_dma *dma, uint64_t *done)
{
	uint64_t resets, moved = 0;
	int err = begin(fn, dma, &resets);

	if (!err) {
		err = move(fn, dma, resets, &moved);
		end(fn);
	}
	if (done)
		*done = moved;
	return err;
}

int smmu_pcie_dma_list(struct smmu_pcie *fn, const struct smmu_pcie_dma *dma,
		       const struct smmu_pcie_segment *segs, size_t n, uint64_t *done)
{
	uint64_t total = 0;
	int err = dma->buf && (segs || !n) ? 0 : -EINVAL;

	for (size_t i = 0; i < n && !err; i++) {
		struct smmu_pcie_dma one = *dma;
		uint64_t moved;

		one.addr = segs[i].addr;
		one.len = segs[i].len;
		one.buf = (char *)dma->buf + total;
		err = smmu_pcie_dma(fn, &one, &moved);
		total += moved;
	}
	if (done)
		*done = total;
	return err;
}

static int swap(struct smmu_pcie *fn, const struct smmu_pcie_dma *dma, uint64_t resets,
		uint64_t *expected, uint64_t desired)
{
	struct found found;
	struct smmu_txn txn;
	struct smmu_result r;
	int err = look_up(fn, dma, dma->addr, true, resets, &found);

	if (err)
		return err;
	txn = txn_of(fn, dma, &found, dma->addr);
	r = smmu_dma_cas64(fn->port, &txn, expected, desired);
	return r.status == SMMU_OK ? 0 : -EFAULT;
}

int smmu_pcie_cas64(struct smmu_pcie *fn, const struct smmu_pcie_dma *dma,
		    uint64_t *expected, uint64_t desired)
{
	struct smmu_pcie_dma one = *dma;
	uint64_t resets;
	int err;

	if (!expected || dma->addr % 8 || dma->exec)
		return -EINVAL;
	one.op = SMMU_WRITE;
	one.buf = expected;
	one.len = 8;
	err = begin(fn, &one, &resets);
	if (err)
		return err;
	err = swap(fn, &one, resets, expected, desired);
	end(fn);
	return err;
}
