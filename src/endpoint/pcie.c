/* SPDX-License-Identifier: MIT */
/* A PCIe function as a whole: life, reset, and the SMMU's invalidations. */
#include "endpoint/pcie.h"
#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* ---- invalidations ---- */

/* Lock held. False: no memory, so it is answered at once: nothing is in use then. */
static bool keep_late(struct smmu_pcie *fn, uint64_t id)
{
	if (fn->num_late == fn->room_late) {
		size_t room = fn->room_late * 2 + 16;
		uint64_t *grown = realloc(fn->late, room * sizeof(*grown));

		if (!grown)
			return false;
		fn->late = grown;
		fn->room_late = room;
	}
	fn->late[fn->num_late++] = id;
	return true;
}

/*
 * What it names is forgotten at once; the answer waits for DMA that may have looked
 * before (PCIe 10.3.2: it confirms that no such translation is in use).
 */
static int invalidate(void *ctx, const struct smmu_atc_inv *inv)
{
	struct smmu_pcie *fn = ctx;
	int reply = SMMU_ATC_DONE;

	pthread_mutex_lock(fn->lock);
	fn->stats.invalidations++;
	if (!fn->present || !pcie_ats_on(fn)) {
		reply = SMMU_ATC_UR;
	} else if (fn->cfg.manners != SMMU_PCIE_DEAF) {
		fn->inv_seq++;
		atc_invalidate(&fn->atc, inv);
		if (fn->cfg.manners == SMMU_PCIE_TIMEOUT)
			reply = SMMU_ATC_TIMEOUT;
		else if (fn->cfg.manners == SMMU_PCIE_MUTE)
			reply = SMMU_ATC_LATER;
		else if ((fn->busy || fn->cfg.manners == SMMU_PCIE_LATE) &&
			 keep_late(fn, inv->id))
			reply = SMMU_ATC_LATER;
	}
	pthread_mutex_unlock(fn->lock);
	return reply;
}

/* One of those kept back; 0: none, or DMA is still under way. */
static uint64_t take_late(struct smmu_pcie *fn)
{
	uint64_t id = 0;

	pthread_mutex_lock(fn->lock);
	if (fn->num_late && !fn->busy) {
		id = fn->late[0];
		fn->num_late--;
		memmove(&fn->late[0], &fn->late[1], fn->num_late * sizeof(id));
	}
	pthread_mutex_unlock(fn->lock);
	return id;
}

unsigned smmu_pcie_answer(struct smmu_pcie *fn)
{
	unsigned n = 0;
	uint64_t id;

	while ((id = take_late(fn)) != 0)
		/* -ENOENT: its time was over before. */
		n += smmu_atc_inv_done(fn->cfg.smmu, id, SMMU_ATC_DONE) == 0;
	return n;
}

/* ---- reset ---- */

/*
 * Everything that the function knew is gone: also what it was asked to forget and who
 * asked, so that an SMMU that waits meets a time-out (PCIe 6.6.2).
 */
void pcie_reset(struct smmu_pcie *fn)
{
	pcie_forget_pages(fn);
	pcie_space_init(fn);
	pcie_msi_reset(fn);
	atc_clear(&fn->atc);
	fn->inv_seq++;
	fn->num_late = 0;
	fn->pri_stopped = false;
	fn->stats.resets++;
	pcie_count_vfs(fn);
}

int smmu_pcie_flr(struct smmu_pcie *fn)
{
	if (!fn->cfg.flr)
		return -EOPNOTSUPP;
	smmu_pcie_cfg_write(fn, CFG_DEVCTL, 2, DEVCTL_FLR);
	return 0;
}

/* ---- life ---- */

static const struct smmu_ats_ops ops = {
	.invalidate = invalidate,
	.page_response = pcie_page_response,
};

static bool power_of_two(uint32_t n)
{
	return n && (n & (n - 1)) == 0;
}

static bool sane_sriov(const struct smmu_pcie_config *c)
{
	if (!c->total_vfs)
		return true;
	return c->total_vfs <= SMMU_PCIE_MAX_VFS && c->vf_offset &&
	       (c->vf_stride || c->total_vfs == 1);
}

static bool sane(const struct smmu_pcie_config *c)
{
	return c->smmu && c->pasid_width <= 20 && (!c->pri || c->ats) &&
	       c->page_requests <= PRGS && c->manners <= SMMU_PCIE_DEAF &&
	       (!c->atc_sets || power_of_two(c->atc_sets)) && c->atc_sets <= 1u << 16 &&
	       (!c->atc_ways || power_of_two(c->atc_ways)) && c->atc_ways <= 64 &&
	       (c->pasid_width || (!c->pasid_exec && !c->pasid_priv)) &&
	       (!c->msi_vectors || power_of_two(c->msi_vectors)) &&
	       c->msi_vectors <= 32 && c->msix_vectors <= 2048 && sane_sriov(c);
}

/* An SMMU without ATS sends nothing and answers UR: so it may be attached to none. */
static int attach(struct smmu_pcie *fn)
{
	int err = fn->cfg.ats ? smmu_ats_attach(fn->cfg.smmu, fn->cfg.sid, &ops, fn) : 0;

	return err == -EOPNOTSUPP ? 0 : err;
}

static int set_up(struct smmu_pcie *fn)
{
	struct smmu_pcie_config *c = &fn->cfg;
	int err;

	fn->name = strdup(c->name ? c->name : "");
	c->name = fn->name;
	if (!c->page_requests)
		c->page_requests = 64;
	err = atc_init(&fn->atc, c->atc_sets ? c->atc_sets : 64,
		       c->atc_ways ? c->atc_ways : 4);
	fn->port = smmu_port_open(c->smmu);
	if (err || !fn->name || !fn->port || pcie_msi_init(fn))
		return -ENOMEM;
	pcie_space_init(fn);
	fn->present = fn->pf == fn;
	return attach(fn);
}

static void free_all(struct smmu_pcie *fn)
{
	if (fn->port)
		smmu_port_close(fn->port);
	atc_free(&fn->atc);
	pthread_mutex_destroy(&fn->own_lock);
	free(fn->msix);
	free(fn->msix_pending);
	free(fn->late);
	free(fn->name);
	free(fn);
}

void pcie_free(struct smmu_pcie *fn)
{
	if (fn->cfg.ats)
		(void)smmu_ats_detach(fn->cfg.smmu, fn->cfg.sid);
	free_all(fn);
}

int pcie_new(struct smmu_pcie **out, const struct smmu_pcie_config *cfg,
	     struct smmu_pcie *pf)
{
	struct smmu_pcie *fn = calloc(1, sizeof(*fn));
	int err;

	if (!fn)
		return -ENOMEM;
	fn->cfg = *cfg;
	fn->pf = pf ? pf : fn;
	pthread_mutex_init(&fn->own_lock, NULL);
	fn->lock = &fn->pf->own_lock;
	err = set_up(fn);
	if (err)
		free_all(fn);
	else
		*out = fn;
	return err;
}

int smmu_pcie_create(struct smmu_pcie **out, const struct smmu_pcie_config *cfg)
{
	struct smmu_pcie *fn;
	int err;

	if (!out || !cfg || cfg->size != sizeof(*cfg) || !sane(cfg))
		return -EINVAL;
	err = pcie_new(&fn, cfg, NULL);
	if (err)
		return err;
	err = pcie_create_vfs(fn);
	fn->cfg.vf_sids = NULL; /* the caller's */
	if (err)
		smmu_pcie_destroy(fn);
	else
		*out = fn;
	return err;
}

void smmu_pcie_destroy(struct smmu_pcie *fn)
{
	if (!fn || fn->pf != fn)
		return;
	pcie_destroy_vfs(fn);
	pcie_free(fn);
}

const char *smmu_pcie_name(const struct smmu_pcie *fn)
{
	return fn->name;
}

void smmu_pcie_set_manners(struct smmu_pcie *fn, enum smmu_pcie_manners manners)
{
	if ((unsigned)manners > SMMU_PCIE_DEAF)
		return;
	pthread_mutex_lock(fn->lock);
	fn->cfg.manners = (uint8_t)manners;
	pthread_mutex_unlock(fn->lock);
}

void smmu_pcie_stats(struct smmu_pcie *fn, struct smmu_pcie_stats *stats)
{
	pthread_mutex_lock(fn->lock);
	*stats = fn->stats;
	stats->atc_entries = atc_count(&fn->atc);
	stats->outstanding_pages = fn->outstanding;
	stats->outstanding_requests = (unsigned)fn->num_late;
	pthread_mutex_unlock(fn->lock);
}
