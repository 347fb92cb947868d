/* SPDX-License-Identifier: MIT */
/*
 * Transactions that wait for the guest (3.12): out of the fault object, into its event
 * queue with Stall == 1, and back by its CMD_RESUME and CMD_STALL_TERM.
 *
 * The host's page request does not say which fault it was. CHOICE: F_TRANSLATION, of
 * class IN. CHOICE: what the guest does not let go on is aborted, whatever Ab says. STAG
 * is the host's, which is unique on its SMMU. An event that does not fit waits (EVT-66).
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <smmulator/arch.h>
#include <smmulator/frontend.h>
#include "vmm/vmm.h"

struct vmm_stall {
	bool told;
	uint32_t vsid, cookie;
	uint16_t stag;
	uint64_t record[4];
};

int vmm_stalls_create(struct vmm_guest *guest)
{
	struct iommu_fault_alloc cmd = { .size = sizeof(cmd) };
	int err = guest->config.stalls ? iommufd_fault_alloc(guest->ctx, &cmd) : 0;

	guest->fault_id = cmd.out_fault_id;
	guest->fault_fd = cmd.out_fault_fd;
	return err;
}

void vmm_stalls_destroy(struct vmm_guest *guest)
{
	free(guest->stalls);
}

static void answer(struct vmm_guest *guest, uint32_t cookie, uint32_t code)
{
	const struct iommu_hwpt_page_response response = { cookie, code };

	/* -EINVAL: the host has given it up meanwhile. */
	(void)iommufd_write(guest->ctx, guest->fault_fd, (uintptr_t)&response,
			    sizeof(response), 0);
}

static void forget(struct vmm_guest *guest, size_t i)
{
	guest->num_stalls--;
	memmove(&guest->stalls[i], &guest->stalls[i + 1],
		(guest->num_stalls - i) * sizeof(*guest->stalls));
}

void vmm_stalls_drop(struct vmm_guest *guest, uint32_t vsid)
{
	for (size_t i = guest->num_stalls; i-- > 0;)
		if (guest->stalls[i].vsid == vsid)
			forget(guest, i);
}

/* ---- to the guest ---- */

static const struct vmm_assignment *find_dev(const struct vmm_guest *guest,
					     uint32_t dev_id)
{
	for (size_t i = 0; i < guest->num_devices; i++)
		if (guest->devices[i].dev_id == dev_id)
			return &guest->devices[i];
	return NULL;
}

static void make_record(uint64_t dw[4], uint32_t vsid,
			const struct iommu_hwpt_pgfault *fault)
{
	memset(dw, 0, 4 * sizeof(*dw));
	smmu_set(dw, SMMU_F_TRANSLATION_EVENT, SMMU_EVT_F_TRANSLATION);
	smmu_set(dw, SMMU_F_TRANSLATION_StreamID, vsid);
	if (fault->flags & IOMMU_PGFAULT_FLAGS_PASID_VALID) {
		smmu_set(dw, SMMU_F_TRANSLATION_SSV, 1);
		smmu_set(dw, SMMU_F_TRANSLATION_SubstreamID, fault->pasid);
	}
	smmu_set(dw, SMMU_F_TRANSLATION_Stall, 1);
	smmu_set(dw, SMMU_F_TRANSLATION_STAG, fault->grpid);
	smmu_set(dw, SMMU_F_TRANSLATION_CLASS, SMMU_CLASS_IN);
	smmu_set(dw, SMMU_F_TRANSLATION_RnW,
		 (fault->perm & IOMMU_PGFAULT_PERM_WRITE) == 0);
	smmu_set(dw, SMMU_F_TRANSLATION_InD,
		 (fault->perm & IOMMU_PGFAULT_PERM_EXEC) != 0);
	smmu_set(dw, SMMU_F_TRANSLATION_PnU,
		 (fault->perm & IOMMU_PGFAULT_PERM_PRIV) != 0);
	smmu_set(dw, SMMU_F_TRANSLATION_InputAddr, fault->addr);
}

/* guest->lock. A fault that cannot be kept is answered with no. */
static void keep(struct vmm_guest *guest, const struct iommu_hwpt_pgfault *fault)
{
	const struct vmm_assignment *a = find_dev(guest, fault->dev_id);
	struct vmm_stall *more =
		realloc(guest->stalls, (guest->num_stalls + 1) * sizeof(*more));

	if (more)
		guest->stalls = more;
	if (!more || !a) {
		answer(guest, fault->cookie, IOMMUFD_PAGE_RESP_INVALID);
		return;
	}
	more += guest->num_stalls++;
	*more = (struct vmm_stall){ .vsid = a->device.vsid,
				    .cookie = fault->cookie,
				    .stag = (uint16_t)fault->grpid };
	make_record(more->record, a->device.vsid, fault);
}

/* The first that the guest has not heard of, taken to be told; false: there is none. */
static bool next_untold(struct vmm_guest *guest, struct vmm_stall *stall)
{
	bool found = false;

	pthread_mutex_lock(&guest->lock);
	for (size_t i = 0; i < guest->num_stalls && !found; i++) {
		if (guest->stalls[i].told)
			continue;
		/* Before it is there: its CMD_RESUME may come from inside. */
		guest->stalls[i].told = found = true;
		*stall = guest->stalls[i];
	}
	pthread_mutex_unlock(&guest->lock);
	return found;
}

static void untell(struct vmm_guest *guest, uint32_t cookie)
{
	pthread_mutex_lock(&guest->lock);
	for (size_t i = 0; i < guest->num_stalls; i++)
		if (guest->stalls[i].cookie == cookie)
			guest->stalls[i].told = false;
	pthread_mutex_unlock(&guest->lock);
}

size_t vmm_stalls_pump(struct vmm_guest *guest)
{
	struct iommu_hwpt_pgfault faults[16];
	struct vmm_stall stall;
	size_t told = 0;
	int64_t n;

	if (!guest->config.stalls)
		return 0;
	while ((n = iommufd_read(guest->ctx, guest->fault_fd, (uintptr_t)faults,
				 sizeof(faults), 0)) > 0) {
		pthread_mutex_lock(&guest->lock);
		for (size_t i = 0; i < (size_t)n / sizeof(faults[0]); i++)
			keep(guest, &faults[i]);
		pthread_mutex_unlock(&guest->lock);
	}
	while (next_untold(guest, &stall)) {
		if (!smmu_inject_event(guest->smmu, stall.record)) {
			untell(guest, stall.cookie);
			break;
		}
		told++;
	}
	return told;
}

/* ---- from the guest ---- */

void vmm_resume(struct vmm_guest *guest, uint32_t vsid, uint16_t stag, bool retry)
{
	for (size_t i = 0; i < guest->num_stalls; i++) {
		const struct vmm_stall s = guest->stalls[i];

		if (s.vsid != vsid || s.stag != stag || !s.told)
			continue;
		forget(guest, i);
		answer(guest, s.cookie,
		       retry ? IOMMUFD_PAGE_RESP_SUCCESS : IOMMUFD_PAGE_RESP_INVALID);
		return;
	}
}

void vmm_stall_term(struct vmm_guest *guest, uint32_t vsid)
{
	for (size_t i = guest->num_stalls; i-- > 0;) {
		const struct vmm_stall s = guest->stalls[i];

		if (s.vsid != vsid)
			continue;
		forget(guest, i);
		answer(guest, s.cookie, IOMMUFD_PAGE_RESP_INVALID);
	}
}
