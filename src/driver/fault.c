/* SPDX-License-Identifier: MIT */
#include "driver/fault.h"
#include <smmulator/iommu_fault.h>
#include <smmulator/iommu_pci.h>
#include "core/rcu.h"
#include "driver/cmdq.h"

/*
 * The core's name for a group is a STAG, or a PRGIndex and this bit. Both are unique as
 * long as the group is open, and for one StreamID: devices that fault have no more.
 */
#define GRPID_PRI (UINT32_C(1) << 16)

/* Page requests that a function may have open at once (PRI-11: all fit the queue). */
#define PRI_CREDITS 32u

/* ---- Stalls ---- */

static void resume(struct arm_smmu *smmu, uint32_t sid, uint32_t stag, bool retry)
{
	struct arm_smmu_cmd cmd = arm_smmu_cmd(SMMU_OP_RESUME);

	smmu_set(cmd.dw, SMMU_CMD_RESUME_StreamID, sid);
	smmu_set(cmd.dw, SMMU_CMD_RESUME_STAG, stag);
	smmu_set(cmd.dw, SMMU_CMD_RESUME_Ac, retry);
	/* Ab is RES0 where termination is always an abort (TERM_MODEL). */
	smmu_set(cmd.dw, SMMU_CMD_RESUME_Ab,
		 !retry && !smmu_reg_get(smmu->idr[0], SMMU_IDR0_TERM_MODEL));
	arm_smmu_submit(smmu, &cmd, 1, false);
}

void arm_smmu_terminate(struct arm_smmu *smmu, uint32_t sid, uint16_t stag)
{
	resume(smmu, sid, stag, false);
}

/* DRV-105. A stalled transaction is a group of its own. */
bool arm_smmu_report_stall(struct arm_smmu_master *master, const struct arm_smmu_event *e)
{
	struct iommu_page_request request = {
		.flags = IOMMU_PRQ_LAST | (e->ssv ? IOMMU_PRQ_PASID : 0),
		.pasid = e->ssid,
		.grpid = e->stag,
		.perm = (e->read ? IOMMU_PRQ_READ : IOMMU_PRQ_WRITE) |
			(e->exec ? IOMMU_PRQ_EXEC : 0) | (e->priv ? IOMMU_PRQ_PRIV : 0),
		.addr = e->iova,
	};

	/* The core's answer would not know which stream it is for. */
	if (master->num_sids != 1) {
		arm_smmu_terminate(master->smmu, e->sid, e->stag);
		return false;
	}
	return iommu_report_device_fault(master->dev, &request) == 0;
}

/* ---- PRI ---- */

static void pri_response(struct arm_smmu *smmu, uint32_t sid, uint32_t index,
			 bool has_pasid, uint32_t pasid, unsigned resp)
{
	struct arm_smmu_cmd cmd = arm_smmu_cmd(SMMU_OP_PRI_RESP);

	smmu_set(cmd.dw, SMMU_CMD_PRI_RESP_SSV, has_pasid);
	if (has_pasid)
		smmu_set(cmd.dw, SMMU_CMD_PRI_RESP_SubstreamID, pasid);
	smmu_set(cmd.dw, SMMU_CMD_PRI_RESP_StreamID, sid);
	smmu_set(cmd.dw, SMMU_CMD_PRI_RESP_PRGIndex, index);
	smmu_set(cmd.dw, SMMU_CMD_PRI_RESP_Resp, resp);
	arm_smmu_submit(smmu, &cmd, 1, false);
}

static struct iommu_page_request pri_request(const uint64_t *dw)
{
	struct iommu_page_request r = {
		.grpid = GRPID_PRI | (uint32_t)smmu_get(dw, SMMU_PRI_ENTRY_PRGIndex),
		.addr = smmu_get_addr(dw, SMMU_PRI_ENTRY_PageAddr),
	};

	if (smmu_get(dw, SMMU_PRI_ENTRY_SSV)) {
		r.flags |= IOMMU_PRQ_PASID;
		r.pasid = (uint32_t)smmu_get(dw, SMMU_PRI_ENTRY_SubstreamID);
	}
	r.flags |= smmu_get(dw, SMMU_PRI_ENTRY_Last) ? IOMMU_PRQ_LAST : 0;
	r.perm |= smmu_get(dw, SMMU_PRI_ENTRY_R) ? IOMMU_PRQ_READ : 0;
	r.perm |= smmu_get(dw, SMMU_PRI_ENTRY_W) ? IOMMU_PRQ_WRITE : 0;
	r.perm |= smmu_get(dw, SMMU_PRI_ENTRY_X) ? IOMMU_PRQ_EXEC : 0;
	r.perm |= smmu_get(dw, SMMU_PRI_ENTRY_Priv) ? IOMMU_PRQ_PRIV : 0;
	return r;
}

/* DRV-108: one answer for the group, with its PASID. */
static void refuse(struct arm_smmu *smmu, uint32_t sid,
		   const struct iommu_page_request *r)
{
	arm_smmu_msg(smmu, IOMMU_MSG_WARNING,
		     "page request of StreamID %#x for %#llx: refused", (unsigned)sid,
		     (unsigned long long)r->addr);
	if (r->flags & IOMMU_PRQ_LAST)
		pri_response(smmu, sid, r->grpid & ~GRPID_PRI, r->flags & IOMMU_PRQ_PASID,
			     r->pasid, SMMU_RESP_INVALID);
}

void arm_smmu_report_pri(struct arm_smmu *smmu, const uint64_t *dw)
{
	uint32_t sid = (uint32_t)smmu_get(dw, SMMU_PRI_ENTRY_StreamID);
	const struct iommu_page_request r = pri_request(dw);
	struct arm_smmu_master *master;

	arm_smmu_count(smmu, COUNT_PAGE_REQUESTS, 1);
	/* A stop marker separates groups, and is never answered (PRI-3). */
	if (r.flags == (IOMMU_PRQ_PASID | IOMMU_PRQ_LAST) &&
	    !(r.perm & (IOMMU_PRQ_READ | IOMMU_PRQ_WRITE)))
		return;
	/* As a reader, who is waited for before a master goes: no lock over the report.
	 */
	rcu_reader_begins();
	pthread_mutex_lock(&smmu->streams_lock);
	master = arm_smmu_find_master(smmu, sid);
	pthread_mutex_unlock(&smmu->streams_lock);
	if (master && __atomic_load_n(&master->iopf_users, __ATOMIC_ACQUIRE))
		/* What could not be kept for its group: the device asks for it again. */
		(void)iommu_report_device_fault(master->dev, &r);
	else
		refuse(smmu, sid, &r);
	rcu_reader_ends();
}

/* ---- Answers ---- */

/* DRV-107: not waited for. */
void arm_smmu_page_response(struct iommu_dev *dev, const struct iommu_page_request *last,
			    unsigned code)
{
	static const uint8_t resp[] = { [IOMMU_PAGE_SUCCESS] = SMMU_RESP_SUCCESS,
					[IOMMU_PAGE_INVALID] = SMMU_RESP_INVALID,
					[IOMMU_PAGE_FAILURE] = SMMU_RESP_FAILURE };
	const struct arm_smmu_master *master = iommu_dev_priv(dev);

	if (last->grpid & GRPID_PRI)
		pri_response(master->smmu, master->sids[0], last->grpid & ~GRPID_PRI,
			     last->flags & IOMMU_PRQ_PASID, last->pasid, resp[code]);
	else
		resume(master->smmu, master->sids[0], last->grpid,
		       code == IOMMU_PAGE_SUCCESS);
}

/* ---- Who may fault ---- */

int arm_smmu_iopf_add(struct arm_smmu_master *master)
{
	int err = iommu_iopf_queue_add_device(master->smmu->iopf, master->dev);

	if (!err)
		__atomic_add_fetch(&master->iopf_users, 1, __ATOMIC_RELEASE);
	return err;
}

void arm_smmu_iopf_remove(struct arm_smmu_master *master)
{
	__atomic_sub_fetch(&master->iopf_users, 1, __ATOMIC_RELEASE);
	/* The last one: what waits is answered, what is at work is waited for. */
	(void)iommu_iopf_queue_remove_device(master->smmu->iopf, master->dev);
}

void arm_smmu_pri_on(struct arm_smmu_master *master)
{
	uint32_t room = 1u << master->smmu->priq.log2;
	int err;

	if (master->pri_enabled)
		return;
	/* Nothing of a former life is open. */
	(void)iommu_pci_reset_pri(master->dev);
	err = iommu_pci_enable_pri(master->dev,
				   room / 2 < PRI_CREDITS ? room / 2 : PRI_CREDITS);
	if (err)
		arm_smmu_msg(master->smmu, IOMMU_MSG_ERROR,
			     "%s: PRI cannot be enabled (%d)",
			     iommu_dev_name(master->dev), err);
	master->pri_enabled = !err;
}

void arm_smmu_pri_off(struct arm_smmu_master *master)
{
	if (master->pri_enabled)
		iommu_pci_disable_pri(master->dev);
	master->pri_enabled = false;
}
