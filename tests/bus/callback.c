/* SPDX-License-Identifier: MIT */
/*
 * Regions behind callbacks, and doorbells:
 *  1. a callback sees address, length and attributes, never beyond its region
 *  2. whatever it fails with is an external abort, and a read then leaves no trace
 *  3. cas64 is the callback's, or made of its read and write
 *  4. a doorbell hears aligned 32-bit writes and nothing else
 */
#include "bus_test.h"

#define BASE 0x10000000ull
#define SIZE 0x400u

/* A device that is memory, keeps a record, and can be told to fail. */
struct device {
	unsigned char byte[SIZE];
	uint64_t base;
	int fail; /* errno, after having done the harm it can */
	unsigned int reads, writes, swaps;
	uint64_t pa;
	size_t len;
	struct smmu_attr attr;
};

static void note(struct device *dev, uint64_t pa, size_t len,
		 const struct smmu_attr *attr)
{
	assert_non_null(attr);
	assert_true(len >= 1 && pa >= dev->base && pa - dev->base <= SIZE - len);
	dev->pa = pa;
	dev->len = len;
	dev->attr = *attr;
}

static int device_read(void *ctx, uint64_t pa, void *buf, size_t len,
		       const struct smmu_attr *attr)
{
	struct device *dev = ctx;

	note(dev, pa, len, attr);
	dev->reads++;
	memcpy(buf, dev->byte + (pa - dev->base), len);
	return dev->fail;
}

static int device_write(void *ctx, uint64_t pa, const void *buf, size_t len,
			const struct smmu_attr *attr)
{
	struct device *dev = ctx;

	note(dev, pa, len, attr);
	dev->writes++;
	if (!dev->fail)
		memcpy(dev->byte + (pa - dev->base), buf, len);
	return dev->fail;
}

/* A compare-and-swap that always finds 99, so that it is seen to be the one used. */
static int device_cas64(void *ctx, uint64_t pa, uint64_t *expected, uint64_t desired,
			const struct smmu_attr *attr)
{
	struct device *dev = ctx;
	int ret = *expected == 99 ? 0 : 1;

	(void)desired;
	note(dev, pa, 8, attr);
	dev->swaps++;
	*expected = 99;
	return dev->fail ? dev->fail : ret;
}

static const struct smmu_mem_ops plain_ops = { device_read, device_write, NULL };
static const struct smmu_mem_ops cas_ops = { device_read, device_write, device_cas64 };

static struct device *device_init(struct device *dev, uint64_t base)
{
	memset(dev, 0, sizeof(*dev));
	dev->base = base;
	for (size_t i = 0; i < SIZE; i++)
		dev->byte[i] = (unsigned char)i;
	return dev;
}

static void callback_sees_the_access(void **state)
{
	const struct smmu_attr attr = {
		.inner = SMMU_MT_NC, .outer = SMMU_MT_NC, .sh = SMMU_SH_OSH, .inst = 1
	};
	struct smmu_mem_ops ops = plain_ops;
	struct device dev;
	unsigned char buf[7];
	uint64_t v;
	uint32_t w;

	device_init(&dev, BASE);
	assert_int_equal(smmu_bus_add_region(*state, BASE, SIZE, &ops, &dev), 0);
	memset(&ops, 0, sizeof(ops)); /* the bus has its own copy */
	assert_int_equal(smmu_bus_read(*state, BASE + 1, buf, 7, &attr), 0);
	assert_memory_equal(buf, dev.byte + 1, 7);
	assert_int_equal(dev.pa, BASE + 1);
	assert_int_equal(dev.len, 7);
	assert_memory_equal(&dev.attr, &attr, sizeof(attr));
	assert_int_equal(smmu_bus_read64(*state, BASE + 8, &v, &attr), 0);
	assert_int_equal(v, 0x0f0e0d0c0b0a0908);
	assert_int_equal(smmu_bus_read32(*state, BASE + SIZE - 4, &w, &attr), 0);
	assert_int_equal(w, 0xfffefdfc);
	assert_int_equal(dev.reads, 3);
	assert_int_equal(smmu_bus_write32(*state, BASE, 0x11223344, &attr), 0);
	assert_int_equal(dev.len, 4);
	assert_int_equal(smmu_bus_write64(*state, BASE + 8, 0x1122334455667788, &attr),
			 0);
	assert_int_equal(dev.len, 8);
	assert_memory_equal(dev.byte, "\x44\x33\x22\x11\x4", 5);
	assert_memory_equal(dev.byte + 8, "\x88\x77\x66\x55\x44\x33\x22\x11", 8);
}

static void assert_default_attr(const struct smmu_attr *attr)
{
	assert_int_equal(attr->inner, SMMU_MT_WB);
	assert_int_equal(attr->outer, SMMU_MT_WB);
	assert_int_equal(attr->sh, SMMU_SH_ISH);
	assert_int_equal(attr->ra, 1);
	assert_int_equal(attr->wa, 1);
	assert_int_equal(attr->tr, 0);
	assert_int_equal(attr->inst, 0);
	assert_int_equal(attr->priv, 1);
	assert_int_equal(attr->ns, 1);
	assert_int_equal(SMMU_SH_ISH, 3);
}

static void callback_gets_default_attributes(void **state)
{
	struct device dev;
	uint64_t v;
	uint32_t w;

	device_init(&dev, BASE);
	assert_int_equal(smmu_bus_add_region(*state, BASE, SIZE, &cas_ops, &dev), 0);
#define CHECK(call)                                                                      \
	do {                                                                             \
		memset(&dev.attr, 0xff, sizeof(dev.attr));                               \
		assert_int_equal(call, 0);                                               \
		assert_default_attr(&dev.attr);                                          \
	} while (0)
	CHECK(smmu_bus_read(*state, BASE, &v, 8, NULL));
	CHECK(smmu_bus_write(*state, BASE, &v, 8, NULL));
	CHECK(smmu_bus_read32(*state, BASE, &w, NULL));
	CHECK(smmu_bus_read64(*state, BASE, &v, NULL));
	CHECK(smmu_bus_write32(*state, BASE, w, NULL));
	CHECK(smmu_bus_write64(*state, BASE, v, NULL));
	v = 99;
	CHECK(smmu_bus_cas64(*state, BASE, &v, 1, NULL));
#undef CHECK
}

static void callback_failure_is_an_abort(void **state)
{
	static unsigned char buf[SIZE], same[SIZE];
	const int fails[] = { -EIO, -ENOMEM, 1 };
	struct device dev;
	uint64_t v = 5;
	uint32_t w = 5;

	device_init(&dev, BASE);
	assert_int_equal(smmu_bus_add_region(*state, BASE, SIZE, &plain_ops, &dev), 0);
	memset(buf, 0x33, SIZE);
	memset(same, 0x33, SIZE);
	for (size_t i = 0; i < 3; i++) {
		dev.fail = fails[i];
		assert_int_equal(smmu_bus_read(*state, BASE, buf, 16, NULL), -EFAULT);
		assert_int_equal(smmu_bus_read(*state, BASE, buf, SIZE, NULL), -EFAULT);
		assert_int_equal(smmu_bus_write(*state, BASE, buf, 16, NULL), -EFAULT);
		assert_int_equal(smmu_bus_read64(*state, BASE, &v, NULL), -EFAULT);
		assert_int_equal(smmu_bus_read32(*state, BASE, &w, NULL), -EFAULT);
		assert_int_equal(smmu_bus_write64(*state, BASE, 0, NULL), -EFAULT);
		assert_int_equal(smmu_bus_write32(*state, BASE, 0, NULL), -EFAULT);
		assert_int_equal(smmu_bus_cas64(*state, BASE, &v, 0, NULL), -EFAULT);
	}
	assert_memory_equal(buf, same, SIZE);
	assert_int_equal(v, 5);
	assert_int_equal(w, 5);
	dev.fail = 0;
	assert_int_equal(smmu_bus_read(*state, BASE, buf, SIZE, NULL), 0);
	assert_memory_equal(buf, dev.byte, SIZE);
}

/* RAM, a region, RAM: one access through all three, with the middle good and bad. */
static void callback_between_ram(void **state)
{
	static unsigned char in[SIZE + 0x1000], out[SIZE + 0x1000];
	const uint64_t first = BASE - 16;
	const size_t len = 16 + SIZE + 16;
	struct device dev;

	device_init(&dev, BASE);
	assert_int_equal(smmu_bus_add_ram(*state, BASE - PAGE, PAGE, NULL), 0);
	assert_int_equal(smmu_bus_add_region(*state, BASE, SIZE, &plain_ops, &dev), 0);
	for (size_t i = 0; i < len; i++)
		in[i] = (unsigned char)(3 * i);
	/* the hole behind the region: no callback is asked to read */
	assert_int_equal(smmu_bus_read(*state, first, out, len, NULL), -EFAULT);
	assert_int_equal(dev.reads, 0);
	assert_int_equal(smmu_bus_write(*state, first, in, len, NULL), -EFAULT);
	assert_memory_equal(dev.byte, in + 16, SIZE);
	assert_memory_equal(smmu_bus_ptr(*state, first, 16), in, 16);

	assert_int_equal(smmu_bus_read(*state, first, out, 16 + SIZE, NULL), 0);
	assert_memory_equal(out, in, 16 + SIZE);
	assert_int_equal(dev.len, SIZE);
	memset(out, 0, sizeof(out));
	dev.fail = -EIO;
	assert_int_equal(smmu_bus_read(*state, first, out, 16 + SIZE, NULL), -EFAULT);
	for (size_t i = 0; i < 16 + SIZE; i++)
		assert_int_equal(out[i], 0);
}

static void callback_regions_that_touch(void **state)
{
	struct device low, high;
	uint64_t v = 5;
	unsigned char buf[8];

	/* low ends and high begins in the middle of an aligned 8 bytes */
	device_init(&low, BASE);
	device_init(&high, BASE + 12);
	assert_int_equal(smmu_bus_add_region(*state, BASE, 12, &plain_ops, &low), 0);
	assert_int_equal(smmu_bus_add_region(*state, BASE + 12, 12, &plain_ops, &high),
			 0);
	assert_int_equal(smmu_bus_read(*state, BASE + 8, buf, 8, NULL), 0);
	assert_memory_equal(buf, "\x8\x9\xa\xb\0\x1\x2\x3", 8);
	assert_int_equal(low.len, 4);
	assert_int_equal(high.len, 4);
	/* a word in two regions cannot be single-copy atomic */
	low.reads = 0;
	assert_int_equal(smmu_bus_read64(*state, BASE + 8, &v, NULL), -EFAULT);
	assert_int_equal(smmu_bus_write64(*state, BASE + 8, v, NULL), -EFAULT);
	assert_int_equal(smmu_bus_cas64(*state, BASE + 8, &v, 1, NULL), -EFAULT);
	assert_int_equal(low.reads + low.writes + high.writes, 0);
	assert_int_equal(v, 5);
	assert_int_equal(smmu_bus_read64(*state, BASE + 16, &v, NULL), 0);
	assert_int_equal(v, 0x0b0a090807060504);
}

static void callback_cas_of_its_own(void **state)
{
	struct device dev;
	uint64_t expected = 1;

	device_init(&dev, BASE);
	assert_int_equal(smmu_bus_add_region(*state, BASE, SIZE, &cas_ops, &dev), 0);
	assert_int_equal(smmu_bus_cas64(*state, BASE + 8, &expected, 2, NULL), 1);
	assert_int_equal(expected, 99);
	assert_int_equal(smmu_bus_cas64(*state, BASE + 8, &expected, 2, NULL), 0);
	assert_int_equal(dev.swaps, 2);
	assert_int_equal(dev.reads + dev.writes, 0);
	expected = 1;
	dev.fail = -EIO; /* the callback wrote to *expected all the same */
	assert_int_equal(smmu_bus_cas64(*state, BASE + 8, &expected, 2, NULL), -EFAULT);
	assert_int_equal(expected, 1);
}

static void callback_cas_made_by_the_bus(void **state)
{
	struct device dev;
	uint64_t expected = 1;

	device_init(&dev, BASE);
	assert_int_equal(smmu_bus_add_region(*state, BASE, SIZE, &plain_ops, &dev), 0);
	assert_int_equal(smmu_bus_cas64(*state, BASE + 8, &expected, 2, NULL), 1);
	assert_int_equal(expected, 0x0f0e0d0c0b0a0908);
	assert_int_equal(dev.writes, 0);
	assert_int_equal(smmu_bus_cas64(*state, BASE + 8, &expected, 2, NULL), 0);
	assert_int_equal(dev.writes, 1);
	assert_memory_equal(dev.byte + 8, "\x2\0\0\0\0\0\0\0\x10", 9);
}

/* A device whose write compares-and-swaps in its own window. */
static struct smmu_bus *nested_bus;

static int nested_write(void *ctx, uint64_t pa, const void *buf, size_t len,
			const struct smmu_attr *attr)
{
	struct device *dev = ctx;
	uint64_t expected = 0;

	if (dev->writes++ == 0)
		assert_int_equal(
			smmu_bus_cas64(nested_bus, BASE + 16, &expected, 1, attr), 1);
	(void)pa, (void)buf, (void)len;
	return 0;
}

static void callback_may_nest_its_cas(void **state)
{
	const struct smmu_mem_ops ops = { device_read, nested_write, NULL };
	uint64_t expected = 0x0706050403020100;
	struct device dev;

	nested_bus = *state;
	device_init(&dev, BASE);
	assert_int_equal(smmu_bus_add_region(*state, BASE, SIZE, &ops, &dev), 0);
	assert_int_equal(smmu_bus_cas64(*state, BASE, &expected, 1, NULL), 0);
	assert_int_equal(dev.writes, 1);
	assert_int_equal(dev.reads, 2);
}

struct bell {
	unsigned int rings;
	uint64_t pa;
	uint32_t data;
	struct smmu_attr attr;
};

static void ring(void *ctx, uint64_t pa, uint32_t data, const struct smmu_attr *attr)
{
	struct bell *bell = ctx;

	bell->rings++;
	bell->pa = pa;
	bell->data = data;
	bell->attr = *attr;
}

static void doorbell_hears_words(void **state)
{
	const struct smmu_attr attr = { .inner = SMMU_MT_DEV_NGNRE,
					.outer = SMMU_MT_DEV_NGNRE,
					.sh = SMMU_SH_OSH };
	struct bell bell = { 0 };

	assert_int_equal(smmu_bus_add_doorbell(*state, BASE, 8, ring, &bell), 0);
	assert_int_equal(smmu_bus_write32(*state, BASE + 4, 0xcafe0001, &attr), 0);
	assert_int_equal(bell.rings, 1);
	assert_int_equal(bell.pa, BASE + 4);
	assert_int_equal(bell.data, 0xcafe0001);
	assert_memory_equal(&bell.attr, &attr, sizeof(attr));
	/* the same by bytes: little-endian; default attributes */
	assert_int_equal(smmu_bus_write(*state, BASE, "\x1\x2\x3\x4", 4, NULL), 0);
	assert_int_equal(bell.rings, 2);
	assert_int_equal(bell.pa, BASE);
	assert_int_equal(bell.data, 0x04030201);
	assert_default_attr(&bell.attr);
}

static void doorbell_aborts_the_rest(void **state)
{
	struct bell bell = { 0 };
	uint64_t v = 5;
	uint32_t w = 5;

	assert_int_equal(smmu_bus_add_doorbell(*state, BASE, 16, ring, &bell), 0);
	assert_int_equal(smmu_bus_add_ram(*state, BASE - PAGE, PAGE, NULL), 0);
	assert_int_equal(smmu_bus_read32(*state, BASE, &w, NULL), -EFAULT);
	assert_int_equal(smmu_bus_read64(*state, BASE, &v, NULL), -EFAULT);
	assert_int_equal(smmu_bus_read(*state, BASE, &v, 4, NULL), -EFAULT);
	assert_int_equal(smmu_bus_write64(*state, BASE, 1, NULL), -EFAULT);
	assert_int_equal(smmu_bus_cas64(*state, BASE, &v, 1, NULL), -EFAULT);
	for (size_t len = 1; len <= 16; len++)
		if (len != 4)
			assert_int_equal(smmu_bus_write(*state, BASE, &(uint64_t[2]){ 0 },
							len, NULL),
					 -EFAULT);
	for (uint64_t off = 1; off < 4; off++)
		assert_int_equal(smmu_bus_write(*state, BASE + off, &w, 4, NULL),
				 -EFAULT);
	/* four bytes of a longer write are not a 32-bit write; half a word is none */
	assert_int_equal(smmu_bus_write(*state, BASE - 4, &v, 8, NULL), -EFAULT);
	assert_int_equal(smmu_bus_write(*state, BASE - 2, &w, 4, NULL), -EFAULT);
	assert_int_equal(bell.rings, 0);
	assert_int_equal(v, 5);
	assert_int_equal(w, 5);
	assert_int_equal(smmu_bus_write32(*state, BASE + 12, 1, NULL), 0);
	assert_int_equal(smmu_bus_write32(*state, BASE + 16, 1, NULL), -EFAULT);
	assert_int_equal(bell.rings, 1);
}

/* A read that a doorbell will abort asks no callback first. */
static void doorbell_read_has_no_side_effects(void **state)
{
	struct bell bell = { 0 };
	struct device dev;
	uint64_t v[2];

	device_init(&dev, BASE);
	assert_int_equal(smmu_bus_add_region(*state, BASE, 8, &plain_ops, &dev), 0);
	assert_int_equal(smmu_bus_add_doorbell(*state, BASE + 8, 8, ring, &bell), 0);
	assert_int_equal(smmu_bus_read(*state, BASE, v, 9, NULL), -EFAULT);
	assert_int_equal(dev.reads, 0);
	assert_int_equal(smmu_bus_read(*state, BASE, v, 8, NULL), 0);
	assert_int_equal(dev.reads, 1);
}

/* Registers see whole, aligned words with host-order values (REG-1); nothing else gets
 * in. */
struct registers {
	struct smmu_bus_regs regs; /* first */
	uint64_t pa[4], value[4];
	unsigned size[4], n;
};

static uint64_t register_read(const struct smmu_bus_regs *regs, uint64_t pa,
			      unsigned size)
{
	(void)regs;
	return size == 4 ? pa & UINT32_MAX : pa << 32 | (pa + 4);
}

static void register_write(const struct smmu_bus_regs *regs, uint64_t pa, unsigned size,
			   uint64_t value)
{
	struct registers *r = (struct registers *)(uintptr_t)regs;

	assert_true(r->n < 4);
	r->pa[r->n] = pa;
	r->size[r->n] = size;
	r->value[r->n++] = value;
}

static void registers_see_words(void **state)
{
	struct registers r = { .regs = { register_read, register_write } };
	uint64_t v = 5, two[2] = { UINT64_C(0x1122334455667788), 9 };
	uint32_t w = 5;

	assert_int_equal(smmu_bus_add_regs(*state, BASE, SIZE, &r.regs), 0);
	assert_int_equal(smmu_bus_read32(*state, BASE + 4, &w, NULL), 0);
	assert_int_equal(w, (BASE + 4) & UINT32_MAX);
	assert_int_equal(smmu_bus_read64(*state, BASE + 8, &v, NULL), 0);
	assert_int_equal(v, (BASE + 8) << 32 | (BASE + 12));
	assert_int_equal(smmu_bus_write32(*state, BASE, 0xa1b2c3d4, NULL), 0);
	assert_int_equal(smmu_bus_write64(*state, BASE + 8, two[0], NULL), 0);
	assert_int_equal(r.n, 2);
	assert_int_equal(r.size[0], 4);
	assert_int_equal(r.value[0], 0xa1b2c3d4);
	assert_int_equal(r.size[1], 8);
	assert_int_equal(r.value[1], two[0]);
	assert_int_equal(r.pa[1], BASE + 8);
	/* eight bytes that are not aligned to eight are two words */
	assert_int_equal(smmu_bus_write(*state, BASE + 4, two, 8, NULL), 0);
	assert_int_equal(r.n, 4);
	assert_int_equal(r.size[2], 4);
	assert_int_equal(r.value[2], 0x55667788);
	assert_int_equal(r.pa[3], BASE + 8);
	assert_int_equal(r.value[3], 0x11223344);
	assert_int_equal(smmu_bus_write(*state, BASE + 2, two, 4, NULL), -EFAULT);
	assert_int_equal(smmu_bus_write(*state, BASE, two, 6, NULL), -EFAULT);
	assert_int_equal(smmu_bus_cas64(*state, BASE, &v, 1, NULL), -EFAULT);
	assert_int_equal(r.n, 4);
}

static void registers_want_both_callbacks(void **state)
{
	struct smmu_bus_regs regs[2] = { { register_read, NULL },
					 { NULL, register_write } };

	assert_int_equal(smmu_bus_add_regs(*state, BASE, SIZE, &regs[0]), -EINVAL);
	assert_int_equal(smmu_bus_add_regs(*state, BASE, SIZE, &regs[1]), -EINVAL);
	assert_int_equal(smmu_bus_add_regs(*state, BASE, SIZE, NULL), -EINVAL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		bus_test(callback_sees_the_access),
		bus_test(callback_gets_default_attributes),
		bus_test(callback_failure_is_an_abort),
		bus_test(callback_between_ram),
		bus_test(callback_regions_that_touch),
		bus_test(callback_cas_of_its_own),
		bus_test(callback_cas_made_by_the_bus),
		bus_test(callback_may_nest_its_cas),
		bus_test(doorbell_hears_words),
		bus_test(doorbell_aborts_the_rest),
		bus_test(doorbell_read_has_no_side_effects),
		bus_test(registers_see_words),
		bus_test(registers_want_both_callbacks),
	};

	return cmocka_run_group_tests_name("bus: callbacks and doorbells", tests, NULL,
					   NULL);
}
