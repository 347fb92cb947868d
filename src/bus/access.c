/* SPDX-License-Identifier: MIT */
/*
 * Accesses: RAM at once, everything else piece by piece. A piece is what one
 * region holds of an access.
 */
#include <errno.h>
#include <stdlib.h>
#include "bus/region.h"
#include "bus/word.h"

#define likely(x) __builtin_expect(!!(x), 1)

/* Reads through callbacks up to this size need no allocation. */
#define BOUNCE_BYTES 256u

static const struct smmu_attr default_attr = {
	.inner = SMMU_MT_WB,
	.outer = SMMU_MT_WB,
	.sh = SMMU_SH_ISH,
	.ra = 1,
	.wa = 1,
	.priv = 1,
	.ns = 1,
};

/* One unit shorter than 8 bytes; returns its length. */
static size_t ram_read_edge(unsigned char *buf, const void *host, size_t len)
{
	size_t n = ram_unit(host, len);

	if (n == 4) {
		uint32_t v = ram_load32(host);
		memcpy(buf, &v, 4);
	} else if (n == 2) {
		uint16_t v = ram_load16(host);
		memcpy(buf, &v, 2);
	} else {
		*buf = ram_load8(host);
	}
	return n;
}

static size_t ram_write_edge(void *host, const unsigned char *buf, size_t len)
{
	size_t n = ram_unit(host, len);

	if (n == 4) {
		uint32_t v;
		memcpy(&v, buf, 4);
		ram_store32(host, v);
	} else if (n == 2) {
		uint16_t v;
		memcpy(&v, buf, 2);
		ram_store16(host, v);
	} else {
		ram_store8(host, *buf);
	}
	return n;
}

static void ram_read(unsigned char *buf, const unsigned char *host, size_t len)
{
	while (len) {
		size_t n = 8;

		if (likely(len >= 8 && ram_is_word(host))) {
			uint64_t v = ram_load64(host);
			memcpy(buf, &v, 8);
		} else {
			n = ram_read_edge(buf, host, len);
		}
		buf += n;
		host += n;
		len -= n;
	}
}

static void ram_write(unsigned char *host, const unsigned char *buf, size_t len)
{
	while (len) {
		size_t n = 8;

		if (likely(len >= 8 && ram_is_word(host))) {
			uint64_t v;
			memcpy(&v, buf, 8);
			ram_store64(host, v);
		} else {
			n = ram_write_edge(host, buf, len);
		}
		buf += n;
		host += n;
		len -= n;
	}
}

/* How much of [pa, pa + len) the region at pa holds. */
static size_t piece_len(const struct region *region, uint64_t pa, size_t len)
{
	uint64_t room = region->last - pa;

	return len - 1 <= room ? len : (size_t)room + 1;
}

static int region_read(struct region *region, uint64_t pa, void *buf, size_t len,
		       const struct smmu_attr *attr)
{
	switch (region->kind) {
	case REGION_RAM:
		ram_read(buf, region->host + (pa - region->base), len);
		return 0;
	case REGION_CALLBACK:
		return region->ops.read(region->ctx, pa, buf, len, attr) ? -EFAULT : 0;
	case REGION_DOORBELL:
		break;
	}
	return -EFAULT;
}

/* A doorbell hears the whole access or nothing: `whole` is its length. */
static int region_write(struct region *region, uint64_t pa, const void *buf, size_t len,
			size_t whole, const struct smmu_attr *attr)
{
	uint32_t data;

	switch (region->kind) {
	case REGION_RAM:
		ram_write(region->host + (pa - region->base), buf, len);
		return 0;
	case REGION_CALLBACK:
		return region->ops.write(region->ctx, pa, buf, len, attr) ? -EFAULT : 0;
	case REGION_DOORBELL:
		if (len != 4 || whole != 4 || pa & 3)
			break;
		memcpy(&data, buf, 4);
		region->msi(region->ctx, pa, le32(data), attr);
		return 0;
	}
	return -EFAULT;
}

/*
 * Whether every byte of the access can be read; *ram: and all of it is RAM. Asked
 * before the first callback, so that a hole has no side effects.
 */
static int check_readable(const struct smmu_bus *bus, uint64_t pa, size_t len, bool *ram)
{
	*ram = true;
	while (len) {
		const struct region *region = bus_find(bus, pa);
		size_t n;

		if (!region || region->kind == REGION_DOORBELL)
			return -EFAULT;
		if (region->kind != REGION_RAM)
			*ram = false;
		n = piece_len(region, pa, len);
		pa += n;
		len -= n;
	}
	return 0;
}

static int read_pieces(const struct smmu_bus *bus, uint64_t pa, unsigned char *buf,
		       size_t len, const struct smmu_attr *attr)
{
	while (len) {
		struct region *region = bus_find(bus, pa);
		size_t n = piece_len(region, pa, len);
		int err = region_read(region, pa, buf, n, attr);

		if (err)
			return err;
		pa += n;
		buf += n;
		len -= n;
	}
	return 0;
}

/* Through a copy: a callback may fail when it, or one before it, wrote already. */
static int read_bounced(const struct smmu_bus *bus, uint64_t pa, void *buf, size_t len,
			const struct smmu_attr *attr)
{
	unsigned char small[BOUNCE_BYTES];
	unsigned char *bounce = len <= sizeof(small) ? small : malloc(len);
	int err;

	if (!bounce)
		return -ENOMEM;
	err = read_pieces(bus, pa, bounce, len, attr);
	if (!err)
		memcpy(buf, bounce, len);
	if (bounce != small)
		free(bounce);
	return err;
}

static int read_slow(const struct smmu_bus *bus, uint64_t pa, void *buf, size_t len,
		     const struct smmu_attr *attr)
{
	bool ram;
	int err;

	if (len - 1 > UINT64_MAX - pa)
		return -EFAULT;
	err = check_readable(bus, pa, len, &ram);
	if (err)
		return err;
	if (!attr)
		attr = &default_attr;
	return ram ? read_pieces(bus, pa, buf, len, attr)
		   : read_bounced(bus, pa, buf, len, attr);
}

static int write_slow(const struct smmu_bus *bus, uint64_t pa, const unsigned char *buf,
		      size_t len, const struct smmu_attr *attr)
{
	size_t whole = len;

	if (len - 1 > UINT64_MAX - pa)
		return -EFAULT;
	if (!attr)
		attr = &default_attr;
	while (len) {
		struct region *region = bus_find(bus, pa);
		size_t n;
		int err;

		if (!region)
			return -EFAULT;
		n = piece_len(region, pa, len);
		err = region_write(region, pa, buf, n, whole, attr);
		if (err)
			return err;
		pa += n;
		buf += n;
		len -= n;
	}
	return 0;
}

int smmu_bus_read(struct smmu_bus *bus, uint64_t pa, void *buf, size_t len,
		  const struct smmu_attr *attr)
{
	const unsigned char *host;

	if (!bus || (!buf && len))
		return -EINVAL;
	if (!len)
		return 0;
	host = bus_ram(bus, pa, len);
	if (!likely(host))
		return read_slow(bus, pa, buf, len, attr);
	ram_read(buf, host, len);
	return 0;
}

int smmu_bus_write(struct smmu_bus *bus, uint64_t pa, const void *buf, size_t len,
		   const struct smmu_attr *attr)
{
	unsigned char *host;

	if (!bus || (!buf && len))
		return -EINVAL;
	if (!len)
		return 0;
	host = bus_ram(bus, pa, len);
	if (!likely(host))
		return write_slow(bus, pa, buf, len, attr);
	ram_write(host, buf, len);
	return 0;
}

/*
 * The region that holds all of one aligned word. CHOICE: a word across two
 * regions (they may meet at any multiple of 4) cannot be single-copy atomic, and
 * is an external abort.
 */
static struct region *word_region(const struct smmu_bus *bus, uint64_t pa, size_t len)
{
	struct region *region = bus_find(bus, pa);

	return region && region->last - pa >= len - 1 ? region : NULL;
}

static int read_word(const struct smmu_bus *bus, uint64_t pa, void *word, size_t len,
		     const struct smmu_attr *attr)
{
	struct region *region = word_region(bus, pa, len);

	return region ? region_read(region, pa, word, len, attr ? attr : &default_attr)
		      : -EFAULT;
}

static int write_word(const struct smmu_bus *bus, uint64_t pa, const void *word,
		      size_t len, const struct smmu_attr *attr)
{
	struct region *region = word_region(bus, pa, len);

	if (!region)
		return -EFAULT;
	return region_write(region, pa, word, len, len, attr ? attr : &default_attr);
}

int smmu_bus_read32(struct smmu_bus *bus, uint64_t pa, uint32_t *val,
		    const struct smmu_attr *attr)
{
	const void *host;
	uint32_t word = 0;

	if (!bus || !val)
		return -EINVAL;
	if (pa & 3)
		return -EFAULT;
	host = bus_ram(bus, pa, 4);
	if (likely(host))
		word = ram_load32(host);
	else if (read_word(bus, pa, &word, 4, attr))
		return -EFAULT;
	*val = le32(word);
	return 0;
}

int smmu_bus_read64(struct smmu_bus *bus, uint64_t pa, uint64_t *val,
		    const struct smmu_attr *attr)
{
	const void *host;
	uint64_t word = 0;

	if (!bus || !val)
		return -EINVAL;
	if (pa & 7)
		return -EFAULT;
	host = bus_ram(bus, pa, 8);
	if (likely(host))
		word = ram_load64(host);
	else if (read_word(bus, pa, &word, 8, attr))
		return -EFAULT;
	*val = le64(word);
	return 0;
}

int smmu_bus_write32(struct smmu_bus *bus, uint64_t pa, uint32_t val,
		     const struct smmu_attr *attr)
{
	uint32_t word = le32(val);
	void *host;

	if (!bus)
		return -EINVAL;
	if (pa & 3)
		return -EFAULT;
	host = bus_ram(bus, pa, 4);
	if (!likely(host))
		return write_word(bus, pa, &word, 4, attr);
	ram_store32(host, word);
	return 0;
}

int smmu_bus_write64(struct smmu_bus *bus, uint64_t pa, uint64_t val,
		     const struct smmu_attr *attr)
{
	uint64_t word = le64(val);
	void *host;

	if (!bus)
		return -EINVAL;
	if (pa & 7)
		return -EFAULT;
	host = bus_ram(bus, pa, 8);
	if (!likely(host))
		return write_word(bus, pa, &word, 8, attr);
	ram_store64(host, word);
	return 0;
}

/* Compare and swap made of a read and a write; -EFAULT as they say. */
static int cas_by_halves(struct region *region, uint64_t pa, uint64_t *expected,
			 uint64_t desired, const struct smmu_attr *attr)
{
	uint64_t word = 0, next = le64(desired);
	int ret;

	pthread_mutex_lock(&region->cas_lock);
	ret = region_read(region, pa, &word, 8, attr);
	if (!ret && le64(word) != *expected) {
		*expected = le64(word);
		ret = 1;
	} else if (!ret) {
		ret = region_write(region, pa, &next, 8, 8, attr);
	}
	pthread_mutex_unlock(&region->cas_lock);
	return ret;
}

static int cas_slow(const struct smmu_bus *bus, uint64_t pa, uint64_t *expected,
		    uint64_t desired, const struct smmu_attr *attr)
{
	struct region *region = word_region(bus, pa, 8);
	uint64_t held = *expected;
	int ret;

	if (!region || region->kind != REGION_CALLBACK)
		return -EFAULT;
	if (!attr)
		attr = &default_attr;
	if (!region->ops.cas64)
		return cas_by_halves(region, pa, expected, desired, attr);
	ret = region->ops.cas64(region->ctx, pa, &held, desired, attr);
	if (ret < 0)
		return -EFAULT;
	if (ret)
		*expected = held;
	return ret ? 1 : 0;
}

int smmu_bus_cas64(struct smmu_bus *bus, uint64_t pa, uint64_t *expected,
		   uint64_t desired, const struct smmu_attr *attr)
{
	uint64_t word;
	void *host;

	if (!bus || !expected)
		return -EINVAL;
	if (pa & 7)
		return -EFAULT;
	host = bus_ram(bus, pa, 8);
	if (!likely(host))
		return cas_slow(bus, pa, expected, desired, attr);
	word = le64(*expected);
	if (likely(__atomic_compare_exchange_n((ram64_t *)host, &word, le64(desired),
					       false, __ATOMIC_SEQ_CST,
					       __ATOMIC_SEQ_CST)))
		return 0;
	*expected = le64(word);
	return 1;
}
