/* SPDX-License-Identifier: MIT */
/* Devices of a guest, from the host's hands to the guest's and back; and its reset. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <smmulator/iommufd_smmuv3.h>
#include "vmm/vmm.h"

int vmm_bind(struct vmm_guest *guest, struct vmm_assignment *a)
{
	return iommufd_device_bind(guest->ctx, a->device.dev, &a->dev_id);
}

int vmm_name(struct vmm_guest *guest, struct vmm_assignment *a)
{
	struct iommu_vdevice_alloc cmd = {
		.size = sizeof(cmd),
		.viommu_id = guest->viommu,
		.dev_id = a->dev_id,
		.virt_id = a->device.vsid,
	};
	int err = iommufd_vdevice_alloc(guest->ctx, &cmd);

	a->vdevice_id = cmd.out_vdevice_id;
	return err;
}

/* Back to the host, whose blocking domain it is in until somebody takes it. */
static void give_back(struct vmm_guest *guest, struct vmm_assignment *a)
{
	struct iommu_destroy cmd = { .size = sizeof(cmd), .id = a->hwpt_id };

	if (a->hwpt_id) {
		(void)iommufd_device_detach(guest->ctx, a->dev_id, IOMMU_NO_PASID);
		(void)iommufd_destroy(guest->ctx, &cmd);
	}
	vmm_stalls_drop(guest, a->device.vsid);
	/* Its vDEVICE goes with it. */
	(void)iommufd_device_unbind(guest->ctx, a->dev_id);
}

static int take(struct vmm_guest *guest, struct vmm_assignment *a)
{
	bool moved;
	int err = vmm_bind(guest, a);

	if (err)
		return err;
	err = vmm_name(guest, a);
	if (!err)
		err = vmm_follow(guest, a, &moved);
	if (err)
		give_back(guest, a);
	return err;
}

static int plug(struct vmm_guest *guest, const struct vmm_device *device)
{
	struct vmm_assignment fresh = { .device = *device }, *more;
	int err;

	if (vmm_find(guest, device->vsid))
		return -EEXIST;
	more = realloc(guest->devices, (guest->num_devices + 1) * sizeof(*more));
	if (!more)
		return -ENOMEM;
	guest->devices = more;
	err = take(guest, &fresh);
	if (!err)
		more[guest->num_devices++] = fresh;
	return err;
}

int vmm_guest_plug(struct vmm_guest *guest, const struct vmm_device *device)
{
	unsigned bits = guest->config.sid_bits;
	int err;

	if (!device || !device->dev || (bits < 32 && device->vsid >> bits != 0))
		return -EINVAL;
	pthread_mutex_lock(&guest->lock);
	err = plug(guest, device);
	pthread_mutex_unlock(&guest->lock);
	return err;
}

int vmm_guest_unplug(struct vmm_guest *guest, uint32_t vsid)
{
	int err = -ENOENT;

	pthread_mutex_lock(&guest->lock);
	for (size_t i = 0; i < guest->num_devices && err; i++) {
		struct vmm_assignment *a = &guest->devices[i];

		if (a->device.vsid != vsid)
			continue;
		give_back(guest, a);
		guest->num_devices--;
		memmove(a, a + 1, (guest->num_devices - i) * sizeof(*a));
		err = 0;
	}
	pthread_mutex_unlock(&guest->lock);
	return err;
}

void vmm_guest_reset(struct vmm_guest *guest)
{
	smmu_reset(guest->smmu);
	vmm_follow_now(guest);
	/* The event queue is off: what waits is of before, and goes nowhere. */
	(void)vmm_guest_pump(guest);
}
