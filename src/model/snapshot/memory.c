/* SPDX-License-Identifier: MIT */
/*
 * {u32 banks, {u64 base, size, u32 pages, {u32 page, 4096 bytes}...}...}. A page that is
 * not in it is zero; a bank is taken in whole, or not at all.
 */
#include "model/snapshot/memory.h"

enum { PAGE = 4096, MAX_BANKS = 65536 };

struct bank {
	uint64_t base, size;
	uint32_t pages;
};

static bool is_zero(const unsigned char *page)
{
	return page[0] == 0 && memcmp(page, page + 1, PAGE - 1) == 0;
}

/* The first bank of RAM at pa or above; false: no more. */
static bool next_bank(const struct smmu_bus *bus, uint64_t pa,
		      struct smmu_bus_range *range)
{
	while (smmu_bus_next(bus, pa, range)) {
		if (range->kind == SMMU_BUS_RAM)
			return true;
		if (range->last == UINT64_MAX)
			return false;
		pa = range->last + 1;
	}
	return false;
}

static void save_pages(struct smmu_pack *p, struct smmu_bus *bus, struct bank *bank)
{
	unsigned char bytes[PAGE];
	size_t count_at;
	uint32_t n = 0;

	pack_u64(p, &bank->base);
	pack_u64(p, &bank->size);
	count_at = p->at;
	pack_u32(p, &n);
	for (uint32_t i = 0; i < bank->size / PAGE && p->why == NULL; i++) {
		uint64_t pa = bank->base + (uint64_t)i * PAGE;
		const unsigned char *page = smmu_bus_ptr(bus, pa, PAGE);

		if (!page || is_zero(page))
			continue;
		(void)smmu_bus_read(bus, pa, bytes, PAGE, NULL);
		pack_u32(p, &i);
		pack_bytes(p, bytes, PAGE);
		n++;
	}
	for (unsigned i = 0; p->why == NULL && i < 4; i++)
		p->buf[count_at + i] = (unsigned char)(n >> (8 * i));
}

void smmu_memory_save(struct smmu_pack *p, struct smmu_bus *bus)
{
	struct smmu_bus_range range;
	uint32_t n = 0;
	uint64_t pa;

	for (pa = 0; next_bank(bus, pa, &range) && range.last != UINT64_MAX;
	     pa = range.last + 1)
		n++;
	pack_u32(p, &n);
	for (pa = 0; n > 0 && next_bank(bus, pa, &range); n--, pa = range.last + 1) {
		struct bank bank = { .base = range.base,
				     .size = range.last - range.base + 1 };

		save_pages(p, bus, &bank);
	}
}

static bool bank_head(struct smmu_pack *p, struct bank *bank)
{
	*bank = (struct bank){ 0 };
	pack_u64(p, &bank->base);
	pack_u64(p, &bank->size);
	pack_u32(p, &bank->pages);
	return pack_check(
		p,
		p->why == NULL && ((bank->base | bank->size) & (PAGE - 1)) == 0 &&
			bank->size != 0 && bank->size - 1 <= UINT64_MAX - bank->base &&
			bank->size / PAGE <= UINT32_MAX &&
			bank->pages <= bank->size / PAGE,
		"a bank of RAM that cannot be");
}

static void check_bank(struct smmu_pack *p, struct smmu_bus *bus, const struct bank *bank,
		       bool add)
{
	uint32_t page = 0, last = 0;

	for (uint32_t i = 0; i < bank->pages && p->why == NULL; i++) {
		pack_u32(p, &page);
		pack_check(p,
			   page < bank->size / PAGE && (i == 0 || page > last) &&
				   p->end - p->at >= PAGE,
			   "a page that cannot be");
		last = page;
		p->at += p->why == NULL ? PAGE : 0;
	}
	if (p->why != NULL || smmu_bus_ptr(bus, bank->base, bank->size))
		return;
	pack_check(p, add && smmu_bus_add_ram(bus, bank->base, bank->size, NULL) == 0,
		   add ? "RAM that cannot be added to the bus"
		       : "the bus has no such bank of RAM");
}

void smmu_memory_check(struct smmu_pack *p, struct smmu_bus *bus, bool add)
{
	uint32_t n = pack_count(p, 0, MAX_BANKS);
	struct bank bank;

	for (; n > 0 && bank_head(p, &bank); n--)
		check_bank(p, bus, &bank, add);
}

static void load_bank(struct smmu_pack *p, struct smmu_bus *bus, const struct bank *bank)
{
	static const unsigned char zero[PAGE];
	uint32_t page = UINT32_MAX, left = bank->pages;

	for (uint32_t i = 0; i < bank->size / PAGE; i++) {
		uint64_t pa = bank->base + (uint64_t)i * PAGE;
		const unsigned char *host = smmu_bus_ptr(bus, pa, PAGE);

		if (left > 0 && page == UINT32_MAX)
			pack_u32(p, &page);
		if (left > 0 && page == i) {
			(void)smmu_bus_write(bus, pa, p->in + p->at, PAGE, NULL);
			p->at += PAGE;
			page = UINT32_MAX;
			left--;
		} else if (host && !is_zero(host)) {
			(void)smmu_bus_write(bus, pa, zero, PAGE, NULL);
		}
	}
}

void smmu_memory_load(struct smmu_pack *p, struct smmu_bus *bus)
{
	uint32_t n = pack_count(p, 0, MAX_BANKS);
	struct bank bank;

	for (; n > 0 && bank_head(p, &bank); n--)
		load_bank(p, bus, &bank);
}
