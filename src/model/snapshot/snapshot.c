/* SPDX-License-Identifier: MIT */
/*
 * Snapshots: the sections, and how one is taken in. It is taken into an SMMU that is
 * made for the purpose; only when all of it is there and holds does that become the
 * real one, or exchanges its state with the real one.
 */
#include <errno.h>
#include <inttypes.h>
#include <stddef.h>
#include <stdio.h>
#include <smmulator/snapshot.h>
#include "model/model.h"
#include "model/pmcg/pmcg.h"
#include "model/register/config_fields.h"
#include "model/snapshot/memory.h"
#include "model/snapshot/pack.h"

static const char magic[8] = { 'S', 'M', 'M', 'U', 'S', 'N', 'A', 'P' };
enum { ESSENTIAL = 1, MAX_SECTIONS = 64 };

/*
 * Who has state. The order is that in which it is taken in: a room may rely on those
 * above it. The configuration comes first by itself. A room's function gets an SMMU
 * that has just been made with that configuration and reset.
 */
static const struct room {
	char tag[5];
	void (*pack)(struct smmu_pack *p, struct smmu *smmu);
} rooms[] = {
	{ "REGS", smmu_regs_pack }, { "CFGC", smmu_cfgcache_pack },
	{ "TLB ", smmu_tlb_pack },  { "ATOS", smmu_atos_pack },
	{ "DPT ", smmu_dpt_pack },  { "VMS ", smmu_vms_pack },
	{ "PMCG", smmu_pmcg_pack }, { "STAL", smmu_stall_pack },
};
static const struct room config_room = { "CONF", smmu_config_pack };
static const char memory_tag[] = "RAM ";

enum { ROOMS = sizeof(rooms) / sizeof(rooms[0]) };

/* ---- saving ---- */

static size_t begin_section(struct smmu_pack *p, const char *tag, uint32_t flags)
{
	char name[4];
	uint64_t later = 0;
	size_t at;

	memcpy(name, tag, sizeof(name));
	pack_bytes(p, name, sizeof(name));
	pack_u32(p, &flags);
	at = p->at;
	pack_u64(p, &later);
	return at;
}

static void end_section(struct smmu_pack *p, size_t at)
{
	uint64_t len = p->at - at - 8;

	for (unsigned i = 0; p->why == NULL && i < 8; i++)
		p->buf[at + i] = (unsigned char)(len >> (8 * i));
}

static void save_room(struct smmu_pack *p, struct smmu *smmu, const struct room *room)
{
	size_t at = begin_section(p, room->tag, ESSENTIAL);

	room->pack(p, smmu);
	end_section(p, at);
}

static void save_all(struct smmu_pack *p, struct smmu *smmu, unsigned flags)
{
	uint32_t version = SMMU_SNAPSHOT_VERSION;
	uint32_t n = 1 + ROOMS + ((flags & SMMU_SNAPSHOT_MEMORY) != 0);
	char head[sizeof(magic)];

	memcpy(head, magic, sizeof(head));
	pack_bytes(p, head, sizeof(head));
	pack_u32(p, &version);
	pack_u32(p, &n);
	save_room(p, smmu, &config_room);
	for (size_t i = 0; i < ROOMS; i++)
		save_room(p, smmu, &rooms[i]);
	if (flags & SMMU_SNAPSHOT_MEMORY) {
		size_t at = begin_section(p, memory_tag, ESSENTIAL);

		smmu_memory_save(p, smmu->bus);
		end_section(p, at);
	}
}

int smmu_snapshot_save(struct smmu *smmu, unsigned flags, void **data, size_t *len)
{
	struct smmu_pack p = { .loading = false };
	bool busy;

	if (!smmu || !data || !len || (flags & ~(unsigned)SMMU_SNAPSHOT_MEMORY))
		return -EINVAL;
	if (!smmu_lock(smmu))
		return -EBUSY;
	busy = smmu_run_in_the_middle(smmu);
	if (!busy) {
		smmu_ports_count(smmu);
		save_all(&p, smmu, flags);
	}
	smmu_unlock_and_deliver(smmu);
	if (busy)
		return -EBUSY;
	if (p.no_memory) {
		free(p.buf);
		return -ENOMEM;
	}
	*data = p.buf;
	*len = p.at;
	return 0;
}

/* ---- taking in: the sections ---- */

/* Where each section that counts begins and ends; end 0: it is not there. */
struct section {
	size_t at, end;
};
struct sections {
	const unsigned char *in;
	size_t len;
	struct section config, room[ROOMS], memory;
};

struct refusal {
	char *why;
	size_t n;
};

static int refuse(const struct refusal *r, const char *section, const char *what,
		  size_t at)
{
	if (r->why && r->n)
		(void)snprintf(r->why, r->n, "snapshot: section %.4s, offset 0x%zx: %s",
			       section, at, what);
	return -EINVAL;
}

static struct section *known(struct sections *s, const char *tag)
{
	if (memcmp(tag, config_room.tag, 4) == 0)
		return &s->config;
	if (memcmp(tag, memory_tag, 4) == 0)
		return &s->memory;
	for (size_t i = 0; i < ROOMS; i++)
		if (memcmp(tag, rooms[i].tag, 4) == 0)
			return &s->room[i];
	return NULL;
}

/* For messages: a tag may be any bytes. */
static void printable(char *tag)
{
	for (unsigned i = 0; i < 4; i++)
		if (tag[i] < ' ' || tag[i] > '~')
			tag[i] = '?';
}

static int find_section(struct smmu_pack *p, struct sections *s, const struct refusal *r)
{
	char tag[5] = { 0 }, shown[5] = { 0 };
	struct section *section;
	uint32_t flags = 0;
	uint64_t len = 0;
	size_t begin = p->at;

	pack_bytes(p, tag, 4);
	pack_u32(p, &flags);
	pack_u64(p, &len);
	memcpy(shown, tag, sizeof(shown));
	printable(shown);
	if (p->why != NULL || len > p->end - p->at)
		return refuse(r, p->why ? "HEAD" : shown, "truncated", begin);
	section = known(s, tag);
	if (!section && (flags & ESSENTIAL))
		return refuse(r, shown, "a section that this version does not know",
			      begin);
	if (section && section->end != 0)
		return refuse(r, shown, "a second time", begin);
	if (section)
		*section = (struct section){ p->at, p->at + (size_t)len };
	p->at += (size_t)len;
	return 0;
}

static int find_sections(struct sections *s, const struct refusal *r)
{
	struct smmu_pack p = { .loading = true, .in = s->in, .end = s->len };
	char head[sizeof(magic)];
	uint32_t version = 0, n;
	int err = 0;

	pack_bytes(&p, head, sizeof(head));
	if (p.why != NULL || memcmp(head, magic, sizeof(magic)) != 0)
		return refuse(r, "HEAD", "this is no snapshot of an SMMU", 0);
	pack_u32(&p, &version);
	if (version != SMMU_SNAPSHOT_VERSION)
		return refuse(r, "HEAD", "another version than 1", sizeof(magic));
	n = pack_count(&p, 0, MAX_SECTIONS);
	if (p.why != NULL)
		return refuse(r, "HEAD", p.why, p.why_at);
	for (; n > 0 && !err; n--)
		err = find_section(&p, s, r);
	if (!err && p.at != s->len)
		return refuse(r, "HEAD", "more bytes than sections", p.at);
	if (!err && s->config.end == 0)
		return refuse(r, config_room.tag, "missing", s->len);
	for (size_t i = 0; i < ROOMS && !err; i++)
		if (s->room[i].end == 0)
			return refuse(r, rooms[i].tag, "missing", s->len);
	return err;
}

static struct smmu_pack reader(const struct sections *s, const struct section *section)
{
	return (struct smmu_pack){
		.loading = true, .in = s->in, .at = section->at, .end = section->end
	};
}

static int done(const struct smmu_pack *p, const char *tag, const struct refusal *r)
{
	if (p->why != NULL)
		return refuse(r, tag, p->why, p->why_at);
	if (p->at != p->end)
		return refuse(r, tag, "more than belongs there", p->at);
	return 0;
}

/* ---- taking in: an SMMU ---- */

static void log_nothing(void *ctx, const char *message)
{
	(void)ctx;
	(void)message;
}

/* The configuration and the name, in an SMMU that is nothing else. */
static int load_config(const struct sections *s, struct smmu *shell,
		       const struct refusal *r)
{
	struct smmu_pack p = reader(s, &s->config);
	char why[160];
	int err;

	memset(shell, 0, sizeof(*shell));
	shell->cfg.size = sizeof(shell->cfg);
	/* pack_name() writes what it reads there. */
	smmu_config_pack(&p, shell);
	err = done(&p, config_room.tag, r);
	if (!err && smmu_config_check(&shell->cfg, why, sizeof(why)) != 0)
		err = refuse(r, config_room.tag, why, s->config.at);
	return err;
}

/* An SMMU of that configuration in that state, of which nobody knows yet. */
static int load_smmu(struct smmu **out, struct smmu_bus *bus, const struct sections *s,
		     const struct smmu_config *cfg, const struct refusal *r)
{
	struct smmu_config quiet = *cfg;
	struct smmu *made;
	int err;

	quiet.log = log_nothing;
	quiet.mode = SMMU_MODE_INLINE; /* nothing of it moves yet */
	err = smmu_create(&made, bus, &quiet);
	if (err)
		return err == -EINVAL
			       ? refuse(r, config_room.tag, "refused", s->config.at)
			       : err;
	for (size_t i = 0; i < ROOMS && !err; i++) {
		struct smmu_pack p = reader(s, &s->room[i]);

		rooms[i].pack(&p, made);
		err = done(&p, rooms[i].tag, r);
	}
	if (err) {
		smmu_destroy(made);
		return err;
	}
	made->cfg.log = cfg->log;
	made->cfg.log_ctx = cfg->log_ctx;
	*out = made;
	return 0;
}

static int check_memory(const struct sections *s, struct smmu_bus *bus, bool add,
			const struct refusal *r)
{
	struct smmu_pack p = reader(s, &s->memory);

	if (s->memory.end == 0)
		return 0;
	smmu_memory_check(&p, bus, add);
	return done(&p, memory_tag, r);
}

static void load_memory(const struct sections *s, struct smmu_bus *bus)
{
	struct smmu_pack p = reader(s, &s->memory);

	if (s->memory.end != 0)
		smmu_memory_load(&p, bus);
}

/* It runs inline; *mode: how it should. */
static int build(struct smmu **smmu, struct smmu_bus *bus, const void *data, size_t len,
		 unsigned flags, const struct refusal *r, enum smmu_mode *mode)
{
	struct sections s = { .in = data, .len = len };
	struct smmu shell, *made;
	int err;

	err = find_sections(&s, r);
	if (!err)
		err = load_config(&s, &shell, r);
	if (err)
		return err;
	shell.cfg.name = shell.name;
	err = load_smmu(&made, bus, &s, &shell.cfg, r);
	if (err)
		return err;
	err = check_memory(&s, bus, flags & SMMU_SNAPSHOT_ADD_RAM, r);
	if (err) {
		smmu_destroy(made);
		return err;
	}
	load_memory(&s, bus);
	made->cfg.log = NULL;
	made->cfg.log_ctx = NULL;
	*smmu = made;
	*mode = (enum smmu_mode)shell.cfg.mode;
	return 0;
}

int smmu_snapshot_inline(struct smmu **smmu, struct smmu_bus *bus, const void *data,
			 size_t len)
{
	enum smmu_mode mode;

	return build(smmu, bus, data, len, 0, &(const struct refusal){ NULL, 0 }, &mode);
}

int smmu_snapshot_create(struct smmu **smmu, struct smmu_bus *bus, const void *data,
			 size_t len, unsigned flags, char *why, size_t n)
{
	const struct refusal r = { why, n };
	enum smmu_mode mode;
	struct smmu *made;
	int err;

	if (!smmu || !bus || !data || (flags & ~(unsigned)SMMU_SNAPSHOT_ADD_RAM))
		return refuse(&r, "HEAD", "wrong arguments", 0);
	err = build(&made, bus, data, len, flags, &r, &mode);
	if (err)
		return err;
	made->cfg.mode = (uint8_t)mode;
	err = smmu_run_create(made);
	if (err) {
		smmu_destroy(made);
		return err;
	}
	/* Whoever moves it finds what was waiting. */
	(void)smmu_lock(made);
	smmu_deliver_later(made);
	smmu_cmdq_run(made);
	smmu_unlock_and_deliver(made);
	*smmu = made;
	return 0;
}

/* ---- taking in: into one that is there ---- */

static int same_config(const struct smmu_config *have, const struct smmu_config *want,
		       size_t at, const struct refusal *r)
{
	size_t n;
	const struct smmu_config_field *f = smmu_config_fields(&n);
	char what[160];

	for (; n > 0; n--, f++) {
		uint64_t a = smmu_pack_get(have, &f->f), b = smmu_pack_get(want, &f->f);

		if (a == b)
			continue;
		(void)snprintf(what, sizeof(what),
			       "%s = %" PRIu64 "; legal: %" PRIu64
			       ", as this SMMU has it",
			       f->f.name, b, a);
		return refuse(r, config_room.tag, what, at);
	}
	return 0;
}

/* A pointer into one block becomes the same into the other. */
static void *move(void *pointer, void *from, size_t bytes, void *to)
{
	uintptr_t at = (uintptr_t)pointer - (uintptr_t)from;

	return at < bytes ? (char *)to + at : pointer;
}

/* A queue, or a pointer in one: of struct smmu itself, or of its ECMDQs. */
static void *move_queue(void *pointer, struct smmu *from, struct smmu *to)
{
	size_t ecmdqs = smmu_ecmdq_count(to) * sizeof(*to->ecmdq);

	pointer = move(pointer, from, sizeof(*from), to);
	return move(pointer, from->ecmdq, ecmdqs, to->ecmdq);
}

/* The list of kicked queues leads through what has moved; PMCGs know their SMMU. */
static void moved(struct smmu *smmu, struct smmu *from)
{
	struct smmu_cmdq **link = &smmu->cmdq_kicked;

	smmu->cmdq_kicked_end = move_queue(smmu->cmdq_kicked_end, from, smmu);
	for (; *link; link = &(*link)->next)
		*link = move_queue(*link, from, smmu);
	for (unsigned i = 0; i < smmu->cfg.pmcgs; i++)
		smmu->pmcg[i].smmu = smmu;
}

/*
 * The state changes sides, word by word, since CPUs may be reading registers. The place
 * does not: wires, hooks, PCIe functions, who waits for stalled transactions, and the
 * count of resets, which goes up since what began before is void.
 */
static void exchange(struct smmu *smmu, struct smmu *fresh)
{
	enum { FROM = offsetof(struct smmu, regs), SIZE = sizeof(struct smmu) - FROM };
	struct smmu old;

	smmu_ports_count(smmu);
	memcpy((char *)&old + FROM, (char *)smmu + FROM, SIZE);
	smmu_words_copy((char *)smmu + FROM, (char *)fresh + FROM, SIZE);
	memcpy((char *)fresh + FROM, (char *)&old + FROM, SIZE);
	for (unsigned i = 0; i < smmu_ecmdq_count(smmu); i++)
		smmu_words_copy(&smmu->ecmdq[i], &fresh->ecmdq[i],
				sizeof(smmu->ecmdq[i]));
	smmu_ats_reset(smmu);
	smmu_run_reset(smmu);
	smmu->resets++;
	smmu_stall_adopt(smmu, fresh);
	moved(smmu, fresh);
	fresh->cmdq_kicked = NULL;
	smmu->sync_held = NULL;
	smmu_tlb_tell(smmu->tlb, smmu->voids);
	smmu_tlb_tell(fresh->tlb, fresh->voids);
	smmu_cfgcache_tell(smmu->cfgcache, smmu->voids);
	smmu_cfgcache_tell(fresh->cfgcache, fresh->voids);
	smmu_void_all(smmu->voids);
	smmu_deliver_later(smmu);
}

int smmu_snapshot_restore(struct smmu *smmu, const void *data, size_t len, char *why,
			  size_t n)
{
	struct sections s = { .in = data, .len = len };
	const struct refusal r = { why, n };
	struct smmu shell, *made;
	int err;

	if (!smmu || !data)
		return refuse(&r, "HEAD", "wrong arguments", 0);
	err = find_sections(&s, &r);
	if (!err)
		err = load_config(&s, &shell, &r);
	if (!err)
		err = same_config(&smmu->cfg, &shell.cfg, s.config.at, &r);
	if (!err)
		err = check_memory(&s, smmu->bus, false, &r);
	if (!err)
		err = load_smmu(&made, smmu->bus, &s, &smmu->cfg, &r);
	if (err)
		return err;
	if (!smmu_lock(smmu)) {
		smmu_destroy(made);
		return -EBUSY;
	}
	load_memory(&s, smmu->bus);
	exchange(smmu, made);
	smmu_cmdq_run(smmu);
	smmu_unlock_and_deliver(smmu);
	smmu_destroy(made);
	return 0;
}
