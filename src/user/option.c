/* SPDX-License-Identifier: MIT */
/* Options of a context, and of an address space (CORE-146). */
#include "user/user.h"

static int option_rlimit(struct user_cmd *cmd, struct iommu_option *arg)
{
	struct iommufd_ctx *ctx = cmd->ctx;

	if (arg->object_id)
		return -EOPNOTSUPP;
	if (arg->op == IOMMU_OPTION_OP_GET) {
		arg->val64 = ctx->rlimit_by_user;
		return 0;
	}
	if (arg->op != IOMMU_OPTION_OP_SET)
		return -EOPNOTSUPP;
	if (!ctx->cfg.privileged)
		return -EPERM;
	for (size_t id = 1; id < ctx->room; id++)
		if (ctx->objects[id])
			return -EBUSY;
	if (arg->val64 > 1)
		return -EINVAL;
	ctx->rlimit_by_user = arg->val64;
	return 0;
}

static int option_huge_pages(struct user_cmd *cmd, struct iommu_option *arg)
{
	struct user_ioas *ioas = user_object_get(cmd->ctx, arg->object_id, USER_IOAS);

	if (!ioas)
		return -ENOENT;
	if (arg->op == IOMMU_OPTION_OP_GET) {
		arg->val64 = !ioas->small_pages;
		return 0;
	}
	if (arg->op != IOMMU_OPTION_OP_SET)
		return -EOPNOTSUPP;
	if (arg->val64 > 1)
		return -EINVAL;
	return user_ioas_set_small_pages(ioas, !arg->val64);
}

int user_cmd_option(struct user_cmd *cmd)
{
	struct iommu_option *arg = cmd->arg;

	if (arg->__reserved)
		return -EOPNOTSUPP;
	switch (arg->option_id) {
	case IOMMU_OPTION_RLIMIT_MODE:
		return option_rlimit(cmd, arg);
	case IOMMU_OPTION_HUGE_PAGES:
		return option_huge_pages(cmd, arg);
	default:
		return -EOPNOTSUPP;
	}
}
