/* SPDX-License-Identifier: MIT */
/*
 * State as bytes: little-endian integers, in sections that say what they are and how
 * long. One function describes a room's state for both directions: pack_u32(p, &x)
 * appends x when a snapshot is made and reads it when one is taken in, so that the two
 * cannot drift apart. A room's function is listed in snapshot.c.
 *
 * Taking in: what is read may be anything. Once something is wrong p->why says what,
 * and every read from then on gives 0; a loop over a count that was read is bounded by
 * pack_count(). It is taken into an SMMU of its own that is thrown away on failure, so
 * a room may leave itself half-filled, but must not index with what it has not checked.
 *
 * All inline: the rooms walk/ and cache/ are tested without the rest of the model.
 */
#ifndef MODEL_SNAPSHOT_PACK_H
#define MODEL_SNAPSHOT_PACK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

struct smmu;

struct smmu_pack {
	bool loading;
	/* loading: all the bytes, [at, end) is the current section. Else: what is
	 * written. */
	unsigned char *buf;
	const unsigned char *in;
	size_t at, end, room;
	bool no_memory;
	const char *why; /* NULL: all is well */
	size_t why_at;	 /* where */
};

static inline void pack_fail(struct smmu_pack *p, const char *why)
{
	if (p->why != NULL)
		return;
	p->why = why;
	p->why_at = p->at;
}

/* Fails unless ok; only says something about what was read. */
static inline bool pack_check(struct smmu_pack *p, bool ok, const char *why)
{
	if (!ok)
		pack_fail(p, why);
	return ok;
}

static inline bool pack_grow(struct smmu_pack *p, size_t n)
{
	size_t room = p->room ? p->room : 4096;
	unsigned char *more;

	if (p->no_memory)
		return false;
	while (room - p->at < n)
		room *= 2;
	if (room == p->room)
		return true;
	more = realloc(p->buf, room);
	if (more == NULL) {
		p->no_memory = true;
		pack_fail(p, "no memory");
		return false;
	}
	p->buf = more;
	p->room = room;
	return true;
}

static inline void pack_bytes(struct smmu_pack *p, void *bytes, size_t n)
{
	if (!p->loading) {
		if (pack_grow(p, n)) {
			memcpy(p->buf + p->at, bytes, n);
			p->at += n;
		}
		return;
	}
	if (p->why != NULL || p->end - p->at < n) {
		pack_fail(p, "the section ends too early");
		memset(bytes, 0, n);
		return;
	}
	memcpy(bytes, p->in + p->at, n);
	p->at += n;
}

static inline uint64_t pack_uint(struct smmu_pack *p, uint64_t v, size_t size)
{
	unsigned char b[8];

	for (size_t i = 0; i < size; i++)
		b[i] = (unsigned char)(v >> (8 * i));
	pack_bytes(p, b, size);
	if (!p->loading)
		return v;
	v = 0;
	for (size_t i = size; i-- > 0;)
		v = v << 8 | b[i];
	return v;
}

static inline void pack_u64(struct smmu_pack *p, uint64_t *v)
{
	*v = pack_uint(p, *v, 8);
}

static inline void pack_u32(struct smmu_pack *p, uint32_t *v)
{
	*v = (uint32_t)pack_uint(p, *v, 4);
}

static inline void pack_u16(struct smmu_pack *p, uint16_t *v)
{
	*v = (uint16_t)pack_uint(p, *v, 2);
}

static inline void pack_u8(struct smmu_pack *p, uint8_t *v)
{
	*v = (uint8_t)pack_uint(p, *v, 1);
}

static inline void pack_bool(struct smmu_pack *p, bool *v)
{
	uint64_t b = pack_uint(p, *v, 1);

	pack_check(p, b <= 1, "a flag is neither 0 nor 1");
	*v = b != 0;
}

static inline void pack_u64s(struct smmu_pack *p, uint64_t *v, size_t n)
{
	for (size_t i = 0; i < n; i++)
		pack_u64(p, &v[i]);
}

/* A number of elements, at most max; 0 once something is wrong. */
static inline uint32_t pack_count(struct smmu_pack *p, uint32_t n, uint32_t max)
{
	pack_u32(p, &n);
	if (p->loading && !pack_check(p, p->why == NULL && n <= max, "too many elements"))
		return 0;
	return n;
}

/* An index below limit: of slots, ascending. 0 once something is wrong. */
static inline uint32_t pack_index(struct smmu_pack *p, uint32_t i, uint32_t limit)
{
	pack_u32(p, &i);
	if (p->loading &&
	    !pack_check(p, p->why == NULL && i < limit, "a slot that is not there"))
		return 0;
	return i;
}

/* ---- named integers: what may gain members without a new version ---- */
struct smmu_pack_field {
	const char *name;
	uint16_t at;
	uint8_t size; /* 1, 2, 4 or 8 */
};
#define SMMU_PACK_FIELD(type, member)                                                    \
	{                                                                                \
#member, offsetof(type, member), sizeof(((type *)0)->member)             \
	}
#define SMMU_PACK_COUNT(a) (sizeof(a) / sizeof((a)[0]))

uint64_t smmu_pack_get(const void *base, const struct smmu_pack_field *field);
void smmu_pack_set(void *base, const struct smmu_pack_field *field, uint64_t value);
/*
 * All fields by their names. Taking in: members may come in any order; one that is
 * missing stays as it is, an unknown one is refused unless its value is 0.
 */
void smmu_pack_fields(struct smmu_pack *p, void *base,
		      const struct smmu_pack_field *field, size_t n);

/* ---- rooms: what snapshot.c calls; each lies beside the state that it knows ---- */
void smmu_config_pack(struct smmu_pack *p,
		      struct smmu *smmu);		     /* register/config_pack.c */
void smmu_regs_pack(struct smmu_pack *p, struct smmu *smmu); /* register/regs_pack.c */
void smmu_cfgcache_pack(struct smmu_pack *p,
			struct smmu *smmu);		    /* config/cfgcache_pack.c */
void smmu_tlb_pack(struct smmu_pack *p, struct smmu *smmu); /* cache/tlb_pack.c */

void smmu_atos_pack(struct smmu_pack *p, struct smmu *smmu); /* atos/atos_pack.c */
void smmu_dpt_pack(struct smmu_pack *p, struct smmu *smmu);  /* dpt/dpt_pack.c */

void smmu_vms_pack(struct smmu_pack *p, struct smmu *smmu);  /* mpam/vms.c */
void smmu_pmcg_pack(struct smmu_pack *p, struct smmu *smmu); /* pmcg/pmcg_pack.c */
void smmu_stall_pack(struct smmu_pack *p, struct smmu *smmu); /* stall/stall_pack.c */

#endif /* MODEL_SNAPSHOT_PACK_H */
