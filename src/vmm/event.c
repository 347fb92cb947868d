/* SPDX-License-Identifier: MIT */
/* Events on their way to the guest: out of the vEVENTQ, into its event queue. */
#include <endian.h>
#include <string.h>
#include <smmulator/arch.h>
#include <smmulator/frontend.h>
#include <smmulator/iommufd_smmuv3.h>
#include "vmm/vmm.h"

struct vevent {
	struct iommufd_vevent_header header;
	struct iommu_vevent_arm_smmuv3 event; /* not there if events were lost */
};

/* CORE-176: who is missing shows in the numbers; they go from INT_MAX to 0. */
static uint32_t count_lost(struct vmm_guest *guest, uint32_t sequence)
{
	uint32_t lost = (sequence - guest->next_sequence) & INT32_MAX;

	guest->next_sequence = (sequence + 1) & INT32_MAX;
	return lost;
}

/*
 * Hardware says C_BAD_STE of any stream that has no STE; the guest's SMMU would have more
 * to say about those that are not in its table. False: nothing is recorded
 * (CR2.RECINVSID).
 */
static bool reword(struct vmm_guest *guest, uint64_t record[4])
{
	bool recinvsid = smmu_reg_get(smmu_mmio_read(guest->smmu, SMMU_REG_CR2, 4),
				      SMMU_CR2_RECINVSID);
	const struct vmm_assignment *a;
	unsigned event = SMMU_EVT_C_BAD_STE;
	uint64_t addr = 0;

	if (smmu_get(record, SMMU_C_BAD_STE_EVENT) != SMMU_EVT_C_BAD_STE)
		return true;
	pthread_mutex_lock(&guest->lock);
	a = vmm_find(guest, (uint32_t)smmu_get(record, SMMU_C_BAD_STE_StreamID));
	if (a && a->ste.event) {
		event = a->ste.event;
		addr = a->ste.addr;
	}
	pthread_mutex_unlock(&guest->lock);
	smmu_set(record, SMMU_C_BAD_STE_EVENT, event);
	if (event == SMMU_EVT_F_STE_FETCH)
		smmu_set_addr(record, SMMU_F_STE_FETCH_FetchAddr, addr);
	return event != SMMU_EVT_C_BAD_STREAMID || recinvsid;
}

enum told { TOLD, LOST, NOTHING };

static enum told tell(struct vmm_guest *guest, const struct vevent *vevent)
{
	uint64_t record[4];

	for (unsigned i = 0; i < 4; i++)
		record[i] = le64toh(vevent->event.evt[i]);
	if (!reword(guest, record))
		return NOTHING;
	return smmu_inject_event(guest->smmu, record) ? TOLD : LOST;
}

/* One record; false: there is none. */
static bool next(struct vmm_guest *guest, struct vevent *vevent, bool *is_event)
{
	int64_t n = iommufd_read(guest->ctx, guest->veventq_fd, (uintptr_t)vevent,
				 sizeof(*vevent), 0);

	*is_event = n == (int64_t)sizeof(*vevent);
	return n >= (int64_t)sizeof(vevent->header);
}

size_t vmm_guest_pump(struct vmm_guest *guest)
{
	uint64_t lost = 0, told = 0, n = 0;
	struct vevent vevent;
	bool is_event;

	pthread_mutex_lock(&guest->pump_lock);
	while (next(guest, &vevent, &is_event)) {
		lost += count_lost(guest, vevent.header.sequence);
		enum told t = is_event ? tell(guest, &vevent) : LOST;

		told += t == TOLD;
		lost += t == LOST;
		n += t == NOTHING;
	}
	told += vmm_stalls_pump(guest);
	pthread_mutex_unlock(&guest->pump_lock);
	pthread_mutex_lock(&guest->lock);
	guest->stats.events += told;
	guest->stats.events_lost += lost;
	pthread_mutex_unlock(&guest->lock);
	return n + told + lost;
}
