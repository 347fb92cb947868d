/* SPDX-License-Identifier: MIT */
/*
 * From a structure of the caller's to a command and back: sizes (CORE-133), reserved
 * fields are each command's own; what was made becomes visible when the answer is
 * written.
 */
#include <string.h>
#include "user/user.h"

struct command {
	size_t size, min;
	int (*run)(struct user_cmd *cmd);
};

#define COMMAND(number, name, last, fn)                                                  \
	[number - IOMMUFD_CMD_DESTROY] = { sizeof(struct name),                          \
					   offsetof(struct name, last) +                 \
						   sizeof(((struct name *)NULL)->last),  \
					   fn }

/* Each with the last field that every caller must know. */
static const struct command commands[] = {
	COMMAND(IOMMUFD_CMD_DESTROY, iommu_destroy, id, user_cmd_destroy),
	COMMAND(IOMMUFD_CMD_IOAS_ALLOC, iommu_ioas_alloc, out_ioas_id,
		user_cmd_ioas_alloc),
	COMMAND(IOMMUFD_CMD_IOAS_ALLOW_IOVAS, iommu_ioas_allow_iovas, allowed_iovas,
		user_cmd_ioas_allow_iovas),
	COMMAND(IOMMUFD_CMD_IOAS_COPY, iommu_ioas_copy, src_iova, user_cmd_ioas_copy),
	COMMAND(IOMMUFD_CMD_IOAS_IOVA_RANGES, iommu_ioas_iova_ranges, out_iova_alignment,
		user_cmd_ioas_iova_ranges),
	COMMAND(IOMMUFD_CMD_IOAS_MAP, iommu_ioas_map, iova, user_cmd_ioas_map),
	COMMAND(IOMMUFD_CMD_IOAS_UNMAP, iommu_ioas_unmap, length, user_cmd_ioas_unmap),
	COMMAND(IOMMUFD_CMD_OPTION, iommu_option, val64, user_cmd_option),
	COMMAND(IOMMUFD_CMD_HWPT_ALLOC, iommu_hwpt_alloc, __reserved,
		user_cmd_hwpt_alloc),
	COMMAND(IOMMUFD_CMD_GET_HW_INFO, iommu_hw_info, __reserved, user_cmd_get_hw_info),
	COMMAND(IOMMUFD_CMD_HWPT_SET_DIRTY_TRACKING, iommu_hwpt_set_dirty_tracking,
		__reserved, user_cmd_hwpt_set_dirty_tracking),
	COMMAND(IOMMUFD_CMD_HWPT_GET_DIRTY_BITMAP, iommu_hwpt_get_dirty_bitmap, data,
		user_cmd_hwpt_get_dirty_bitmap),
	COMMAND(IOMMUFD_CMD_HWPT_INVALIDATE, iommu_hwpt_invalidate, __reserved,
		user_cmd_hwpt_invalidate),
	COMMAND(IOMMUFD_CMD_FAULT_QUEUE_ALLOC, iommu_fault_alloc, out_fault_fd,
		user_cmd_fault_alloc),
	COMMAND(IOMMUFD_CMD_VIOMMU_ALLOC, iommu_viommu_alloc, out_viommu_id,
		user_cmd_viommu_alloc),
	COMMAND(IOMMUFD_CMD_VDEVICE_ALLOC, iommu_vdevice_alloc, virt_id,
		user_cmd_vdevice_alloc),
	COMMAND(IOMMUFD_CMD_VEVENTQ_ALLOC, iommu_veventq_alloc, out_veventq_fd,
		user_cmd_veventq_alloc),
	COMMAND(IOMMUFD_CMD_HW_QUEUE_ALLOC, iommu_hw_queue_alloc, length,
		user_cmd_hw_queue_alloc),
};

/* Our copy of any of them. */
union any {
	uint64_t align;
	unsigned char bytes[128];
};

/* ctx->lock held. */
static int run(const struct command *command, struct user_cmd *cmd,
	       const struct iommu_user_mem *mem, uint64_t uaddr, uint32_t usize)
{
	int err = command->run(cmd);

	if (err && !cmd->answer_anyway)
		return err;
	if (mem->write(mem->ctx, uaddr, cmd->arg,
		       usize < command->size ? usize : command->size))
		err = -EFAULT; /* CORE-179: over a success, and over an error */
	if (cmd->mapped && err)
		user_ioas_take_back(cmd->mapped, cmd->first, cmd->last);
	if (cmd->made && err)
		user_object_destroy(cmd->made);
	else if (cmd->made)
		cmd->made->visible = true;
	return err;
}

static int dispatch(struct iommufd_ctx *ctx, unsigned number,
		    const struct iommu_user_mem *mem, uint64_t uaddr)
{
	const struct command *command = &commands[number - IOMMUFD_CMD_DESTROY];
	struct user_cmd cmd = { .ctx = ctx };
	uint32_t usize;
	union any arg;
	int err;

	if (mem->read(mem->ctx, &usize, uaddr, sizeof(usize)))
		return -EFAULT;
	err = iommu_user_copy(mem, uaddr, usize, &arg, command->size, command->min);
	if (err)
		return err;
	/* The caller may have changed it meanwhile. */
	memcpy(&arg, &usize, sizeof(usize));
	cmd.arg = &arg;
	pthread_mutex_lock(&ctx->lock);
	err = run(command, &cmd, mem, uaddr, usize);
	pthread_mutex_unlock(&ctx->lock);
	return err;
}

int iommufd_ioctl(struct iommufd_ctx *ctx, unsigned number, uint64_t uaddr)
{
	size_t num = sizeof(commands) / sizeof(commands[0]);

	if (number < IOMMUFD_CMD_DESTROY || number - IOMMUFD_CMD_DESTROY >= num ||
	    !commands[number - IOMMUFD_CMD_DESTROY].run)
		return -ENOTTY;
	return dispatch(ctx, number, &ctx->mem, uaddr);
}

/* ---- Called with a structure of the caller's own ---- */

static int own_read(void *ctx, void *to, uint64_t uaddr, size_t len)
{
	(void)ctx;
	memcpy(to, (const void *)(uintptr_t)uaddr, len);
	return 0;
}

static int own_write(void *ctx, uint64_t uaddr, const void *from, size_t len)
{
	(void)ctx;
	memcpy((void *)(uintptr_t)uaddr, from, len);
	return 0;
}

static int call(struct iommufd_ctx *ctx, unsigned number, void *cmd)
{
	static const struct iommu_user_mem own = { own_read, own_write, NULL };

	if (!cmd)
		return -EFAULT;
	return dispatch(ctx, number, &own, (uint64_t)(uintptr_t)cmd);
}

#define CALL(fn, name, number)                                                           \
	int fn(struct iommufd_ctx *ctx, struct name *cmd)                                \
	{                                                                                \
		return call(ctx, number, cmd);                                           \
	}

CALL(iommufd_destroy, iommu_destroy, IOMMUFD_CMD_DESTROY)
CALL(iommufd_ioas_alloc, iommu_ioas_alloc, IOMMUFD_CMD_IOAS_ALLOC)
CALL(iommufd_ioas_iova_ranges, iommu_ioas_iova_ranges, IOMMUFD_CMD_IOAS_IOVA_RANGES)
CALL(iommufd_ioas_allow_iovas, iommu_ioas_allow_iovas, IOMMUFD_CMD_IOAS_ALLOW_IOVAS)
CALL(iommufd_ioas_map, iommu_ioas_map, IOMMUFD_CMD_IOAS_MAP)
CALL(iommufd_ioas_copy, iommu_ioas_copy, IOMMUFD_CMD_IOAS_COPY)
CALL(iommufd_ioas_unmap, iommu_ioas_unmap, IOMMUFD_CMD_IOAS_UNMAP)
CALL(iommufd_option, iommu_option, IOMMUFD_CMD_OPTION)
CALL(iommufd_hwpt_alloc, iommu_hwpt_alloc, IOMMUFD_CMD_HWPT_ALLOC)
CALL(iommufd_hwpt_set_dirty_tracking, iommu_hwpt_set_dirty_tracking,
     IOMMUFD_CMD_HWPT_SET_DIRTY_TRACKING)
CALL(iommufd_hwpt_get_dirty_bitmap, iommu_hwpt_get_dirty_bitmap,
     IOMMUFD_CMD_HWPT_GET_DIRTY_BITMAP)
CALL(iommufd_hwpt_invalidate, iommu_hwpt_invalidate, IOMMUFD_CMD_HWPT_INVALIDATE)
CALL(iommufd_get_hw_info, iommu_hw_info, IOMMUFD_CMD_GET_HW_INFO)
CALL(iommufd_viommu_alloc, iommu_viommu_alloc, IOMMUFD_CMD_VIOMMU_ALLOC)
CALL(iommufd_vdevice_alloc, iommu_vdevice_alloc, IOMMUFD_CMD_VDEVICE_ALLOC)
CALL(iommufd_hw_queue_alloc, iommu_hw_queue_alloc, IOMMUFD_CMD_HW_QUEUE_ALLOC)
CALL(iommufd_veventq_alloc, iommu_veventq_alloc, IOMMUFD_CMD_VEVENTQ_ALLOC)
CALL(iommufd_fault_alloc, iommu_fault_alloc, IOMMUFD_CMD_FAULT_QUEUE_ALLOC)
