/* SPDX-License-Identifier: MIT */
/* Page requests and their responses, as a function sees them (PCIe 10.4). */
#include <errno.h>
#include <string.h>
#include "endpoint/pcie.h"

/* PCIe 9.3.7.9: the registers are the PF's. */
static void add_status(struct smmu_pcie *fn, uint32_t bits)
{
	struct smmu_pcie *pf = fn->pf;
	unsigned reg = pf->pri_cap + (unsigned)PRI_STATUS;

	pcie_put(pf, reg, 2, pcie_get(pf, reg, 2) | bits);
}

/* The allocation is one for a PF and its VFs. */
static void count_one(struct smmu_pcie *fn)
{
	fn->outstanding++;
	fn->pf->all_outstanding++;
}

static void count_off(struct smmu_pcie *fn, uint32_t requests)
{
	struct smmu_pcie *pf = fn->pf;

	fn->outstanding -= requests;
	pf->all_outstanding -= requests;
	if (!pf->all_outstanding && (pf->pri_stopped || !pcie_pri_on(pf)))
		add_status(pf, PRI_STOPPED);
}

void pcie_forget_pages(struct smmu_pcie *fn)
{
	if (fn->outstanding)
		count_off(fn, fn->outstanding);
	memset(fn->prg, 0, sizeof(fn->prg));
}

/* Answers the whole group; false: no group waits for it. */
static bool answer_group(struct smmu_pcie *fn, const struct smmu_prg_response *resp)
{
	struct prg *prg = &fn->prg[resp->prg_index % PRGS];

	if (!fn->pf->pri_cap || !prg->requests) {
		if (fn->pf->pri_cap && fn->present)
			add_status(fn, PRI_UPRGI);
		fn->stats.unexpected_responses++;
		return false;
	}
	fn->stats.page_responses++;
	/* 10.4.2: after a Failure the function asks no more until it is told to. */
	if (resp->code == SMMU_PRG_FAILURE) {
		fn->pf->pri_stopped = true;
		add_status(fn, PRI_RF);
	}
	count_off(fn, prg->requests);
	*prg = (struct prg){ 0 };
	return true;
}

void pcie_page_response(void *ctx, const struct smmu_prg_response *resp)
{
	struct smmu_pcie *fn = ctx;
	bool expected;

	pthread_mutex_lock(fn->lock);
	expected = answer_group(fn, resp);
	pthread_mutex_unlock(fn->lock);
	if (expected && fn->cfg.page_response)
		fn->cfg.page_response(fn->cfg.ctx, resp->prg_index, resp->code);
}

/* Lock held: may it ask, and is there room? */
static int may_ask(const struct smmu_pcie *fn)
{
	const struct smmu_pcie *pf = fn->pf;

	if (!fn->present)
		return -ENODEV;
	if (!pcie_pri_on(fn) || pf->pri_stopped)
		return -EOPNOTSUPP;
	if (pf->all_outstanding >= pf->cfg.page_requests ||
	    pf->all_outstanding >= pcie_get(pf, pf->pri_cap + (unsigned)PRI_ALLOC, 4))
		return -ENOSPC;
	return 0;
}

static int take(struct smmu_pcie *fn, uint16_t index, bool last)
{
	struct prg *prg = &fn->prg[index];
	int err = may_ask(fn);

	if (err)
		return err;
	if (prg->closed)
		return -EINVAL;
	prg->requests++;
	prg->closed = last;
	count_one(fn);
	fn->stats.page_requests++;
	return 0;
}

/* It never left: as if it had not been asked. */
static void give_back(struct smmu_pcie *fn, uint16_t index, bool last)
{
	struct prg *prg = &fn->prg[index];

	pthread_mutex_lock(fn->lock);
	/* An automatic response may have been here first, or a reset. */
	if (prg->requests) {
		prg->requests--;
		prg->closed = prg->closed && !last;
		count_off(fn, 1);
	}
	pthread_mutex_unlock(fn->lock);
}

static int send(struct smmu_pcie *fn, const struct smmu_pcie_dma *what, uint64_t addr,
		uint16_t index, bool last)
{
	const struct smmu_page_request req = {
		.sid = fn->cfg.sid,
		.ssid = what->ssid,
		.ssv = what->ssv,
		.read = what->op == SMMU_READ,
		.write = what->op == SMMU_WRITE,
		.exec = what->exec,
		.priv = what->priv,
		.last = last,
		.prg_index = index,
		.addr = addr,
	};

	return smmu_page_request(fn->port, &req, NULL);
}

int smmu_pcie_page_request(struct smmu_pcie *fn, const struct smmu_pcie_dma *what,
			   uint16_t index, bool last)
{
	int fate;

	if (index >= PRGS)
		return -EINVAL;
	pthread_mutex_lock(fn->lock);
	fate = take(fn, index, last);
	pthread_mutex_unlock(fn->lock);
	if (fate)
		return fate;
	fate = send(fn, what, what->addr, index, last);
	/* What is dropped is never answered by itself; its group's last will be. */
	if (fate < 0)
		give_back(fn, index, last);
	return fate;
}

/* A group of one for DMA: any index that is free. */
int pcie_ask_page(struct smmu_pcie *fn, const struct smmu_pcie_dma *dma, uint64_t addr)
{
	uint16_t index = 0;
	int err;

	pthread_mutex_lock(fn->lock);
	while (index < PRGS && fn->prg[index].requests)
		index++;
	err = index < PRGS ? take(fn, index, true) : -ENOSPC;
	pthread_mutex_unlock(fn->lock);
	if (err == -EOPNOTSUPP)
		return -EFAULT;
	if (err)
		return err;
	err = send(fn, dma, addr, index, true);
	if (err < 0) {
		give_back(fn, index, true);
		return -EFAULT;
	}
	return -EAGAIN;
}

int smmu_pcie_stop_pasid(struct smmu_pcie *fn, uint32_t pasid)
{
	const struct smmu_page_request req = {
		.sid = fn->cfg.sid, .ssid = pasid, .ssv = true, .last = true
	};
	int err;

	pthread_mutex_lock(fn->lock);
	err = may_ask(fn);
	if (err == -ENOSPC)
		err = 0; /* no response comes: it needs no credit */
	pthread_mutex_unlock(fn->lock);
	return err ? err : smmu_page_request(fn->port, &req, NULL);
}
