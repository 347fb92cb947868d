/* SPDX-License-Identifier: MIT */
/* What a user hands in, copied by the rule of sizes (CORE-133, CORE-137). */
#include <string.h>
#include <smmulator/iommu_user.h>
#include "core/core.h"

/* Whether [uaddr, uaddr + len) is all zero: 0, -E2BIG if not, -EFAULT. */
static int check_zero(const struct iommu_user_mem *mem, uint64_t uaddr, size_t len)
{
	static const unsigned char zero[256];
	unsigned char buf[sizeof(zero)];

	while (len) {
		size_t n = len < sizeof(buf) ? len : sizeof(buf);

		if (mem->read(mem->ctx, buf, uaddr, n))
			return -EFAULT;
		if (memcmp(buf, zero, n) != 0)
			return -E2BIG;
		uaddr += n;
		len -= n;
	}
	return 0;
}

int iommu_user_copy(const struct iommu_user_mem *mem, uint64_t uaddr, size_t len,
		    void *to, size_t size, size_t min)
{
	size_t n = len < size ? len : size;
	int err;

	if (len < min)
		return -EINVAL;
	err = check_zero(mem, uaddr + n, len - n);
	if (err)
		return err;
	memset(to, 0, size);
	return n && mem->read(mem->ctx, to, uaddr, n) ? -EFAULT : 0;
}

int iommu_user_data_copy(const struct iommu_user_data *data, uint32_t type, void *to,
			 size_t size, size_t min)
{
	if (data->type != type)
		return -EINVAL;
	return iommu_user_copy(data->mem, data->uaddr, data->len, to, size, min);
}

int iommu_user_array_copy(const struct iommu_user_array *array, uint32_t index, void *to,
			  size_t size, size_t min)
{
	uint64_t uaddr = array->uaddr + (uint64_t)index * array->entry_len;

	return iommu_user_copy(array->mem, uaddr, array->entry_len, to, size, min);
}
