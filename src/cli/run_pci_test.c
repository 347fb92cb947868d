/* SPDX-License-Identifier: MIT */
/*
 * What a function's configuration space has, tried as its driver would use it: DMA
 * through its ATC, which must be empty after an unmap; the same under a PASID; a page
 * that is asked for; an interrupt; a reset.
 */
#include <errno.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <smmulator/arch.h>
#include <smmulator/ats.h>
#include <smmulator/iommu_dma.h>
#include <smmulator/iommu_fault.h>
#include <smmulator/iommu_pci.h>
#include "cli/run_pci.h"

enum { PASID = 1, PAGE_CREDITS = 4 };

struct test {
	struct run *run;
	struct run_master *m;
	struct run_pci_function *record; /* that page responses are written to */
	struct run_pci_test *t;
	const struct smmu_pci_function *f;
	struct smmu_pcie *fn;
	struct run_smmu *smmu;
	struct iommu_domain *domain; /* the default one, for DMA */
	struct iommu_dma ram;	     /* two pages: one for each address space */
	uint64_t page;
	uint8_t *buf;
	/* Page requests: where the page is to be. */
	uint64_t asked;
	struct iommu_attach_handle handle; /* faults are served by those that have one */
	uint64_t interrupts;
};

static bool wrong(struct test *t, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));
static bool wrong(struct test *t, const char *fmt, ...)
{
	char text[160];
	va_list ap;

	va_start(ap, fmt);
	(void)vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	if (t->t->ok)
		(void)snprintf(t->t->note, sizeof(t->t->note), "%.110s", text);
	t->t->ok = false;
	run_unexpected(t->run, "%s: %s", t->m->hw->name, text);
	return false;
}

static struct smmu_pcie_stats stats(const struct test *t)
{
	struct smmu_pcie_stats s;

	smmu_pcie_stats(t->fn, &s);
	return s;
}

/* ---- DMA --------------------------------------------------------------------------- */

static int dma(struct test *t, bool ssv, uint8_t op, uint64_t addr)
{
	const struct smmu_pcie_dma d = { .op = op,
					 .ssv = ssv,
					 .ssid = PASID,
					 .addr = addr,
					 .buf = t->buf,
					 .len = t->page };

	return smmu_pcie_dma(t->fn, &d, NULL);
}

/* A page of RAM, read and written from that address. */
static bool moves(struct test *t, bool ssv, uint64_t addr, uint8_t *ram, const char *what)
{
	int err;

	memset(ram, 0xa5, t->page);
	err = dma(t, ssv, SMMU_READ, addr);
	if (err || memcmp(t->buf, ram, t->page) != 0)
		return wrong(t, "%s: read of 0x%" PRIx64 ": %s", what, addr,
			     err ? strerror(-err) : "other bytes than memory has");
	memset(t->buf, 0x3c, t->page);
	err = dma(t, ssv, SMMU_WRITE, addr);
	if (err || memcmp(t->buf, ram, t->page) != 0)
		return wrong(t, "%s: write of 0x%" PRIx64 ": %s", what, addr,
			     err ? strerror(-err) : "other bytes than memory has");
	return true;
}

/* Refused, and memory is as it was. */
static bool shut_out(struct test *t, bool ssv, uint64_t addr, uint8_t *ram,
		     const char *what)
{
	int err;

	memset(ram, 0x77, t->page);
	memset(t->buf, 0x11, t->page);
	err = dma(t, ssv, SMMU_WRITE, addr);
	if (err != -EFAULT)
		return wrong(t, "%s: write of 0x%" PRIx64 ": %s; it should be refused",
			     what, addr, err ? strerror(-err) : "done");
	if (ram[0] != 0x77 || memcmp(ram, ram + 1, t->page - 1) != 0)
		return wrong(t, "%s: a refused write changed memory", what);
	return true;
}

/* ---- In the default domain --------------------------------------------------------- */

/* ATS is on where the function, the root complex and the SMMU have it (DRV-84). */
static bool check_ats(struct test *t)
{
	const bool has = smmu_pcie_find_cap(t->fn, SMMU_PCI_EXT_ATS) != 0;
	const bool smmu = smmu_reg_get(t->smmu->info.idr[0], SMMU_IDR0_ATS) != 0;
	const bool expected = has && smmu && t->m->hw->host->ats_supported;

	t->t->ats = iommu_pci_ats_enabled(t->m->dev);
	if (t->t->ats != expected)
		return wrong(t,
			     "the driver has ATS %s; the function %s it, the SMMU %s, "
			     "the root complex %s",
			     t->t->ats ? "on" : "off", has ? "has" : "lacks",
			     smmu ? "has" : "lacks",
			     t->m->hw->host->ats_supported ? "has" : "lacks");
	return true;
}

/*
 * Events of what was refused: an ATC is told "no access" without one, so there is one
 * for each access only where it does not ask.
 */
static bool check_events(struct test *t, size_t refused)
{
	const size_t expected = t->t->ats ? 0 : refused;

	run_smmu_poll(t->smmu);
	if (t->smmu->nevents != expected)
		return wrong(t,
			     "%zu accesses refused, the driver read %zu events, not %zu",
			     refused, t->smmu->nevents, expected);
	return true;
}

static bool in_its_domain(struct test *t)
{
	const struct smmu_pcie_stats before = stats(t);
	struct smmu_pcie_stats after;
	uint64_t iova;
	bool ok;
	int err = iommu_dma_map(t->m->dev, t->ram.pa, t->page, IOMMU_READ | IOMMU_WRITE,
				&iova);

	if (err)
		return wrong(t, "map: %s", strerror(-err));
	t->smmu->nevents = 0;
	/* Twice: the first read and the first write ask, the others need not. */
	ok = moves(t, false, iova, t->ram.cpu, "DMA") &&
	     moves(t, false, iova, t->ram.cpu, "DMA");
	after = stats(t);
	if (ok && t->t->ats &&
	    (after.atc_fills == before.atc_fills || after.atc_hits == before.atc_hits))
		ok = wrong(t, "ATS is on, but its ATC was not used");
	err = iommu_dma_unmap(t->m->dev, iova, t->page);
	if (err)
		return wrong(t, "unmap: %s", strerror(-err));
	after = stats(t);
	if (ok && t->t->ats && after.invalidations == before.invalidations)
		ok = wrong(t, "an unmap sent no invalidation to its ATC");
	return ok && shut_out(t, false, iova, t->ram.cpu, "DMA after the unmap") &&
	       check_events(t, 1);
}

/* ---- Under a PASID ----------------------------------------------------------------- */

/* A page request of the function: the page is there from now on. */
static int serve(struct iommu_iopf_group *group)
{
	struct iommu_domain *domain = group->handle->domain;
	struct test *t = domain->fault_token;
	int err = iommu_map(domain, t->asked, t->ram.pa + t->page, t->page,
			    IOMMU_READ | IOMMU_WRITE);

	iommu_iopf_group_response(group, err ? IOMMU_PAGE_INVALID : IOMMU_PAGE_SUCCESS);
	iommu_iopf_group_free(group);
	return 0;
}

static const char *code_name(unsigned code)
{
	switch (code) {
	case SMMU_PRG_SUCCESS:
		return "success";
	case SMMU_PRG_INVALID_REQUEST:
		return "invalid request";
	case SMMU_PRG_FAILURE:
		return "failure";
	default:
		return "an unknown code";
	}
}

/* Whether page requests of it can reach software, and be answered to it. */
static bool can_ask(const struct test *t)
{
	return smmu_reg_get(t->smmu->info.idr[0], SMMU_IDR0_PRI) && t->t->ats &&
	       smmu_pcie_find_cap(t->fn, SMMU_PCI_EXT_PRI) && t->m->hw->nstreams == 1;
}

static bool pri_is_on(const struct test *t)
{
	const unsigned cap = smmu_pcie_find_cap(t->fn, SMMU_PCI_EXT_PRI);

	return cap && (smmu_pcie_cfg_read(t->fn, (uint16_t)(cap + 4), 2) & 1);
}

/*
 * What is not mapped is asked for. `served`: software maps it; else it has to refuse,
 * but to answer it has in any case.
 */
static bool asks_for_a_page(struct test *t, bool ssv, uint64_t addr, bool served)
{
	const struct smmu_pcie_dma d = { .op = SMMU_WRITE,
					 .ssv = ssv,
					 .ssid = PASID,
					 .page_in = true,
					 .addr = addr,
					 .buf = t->buf,
					 .len = t->page };
	const unsigned answers = t->record->answers;
	int err;

	t->asked = addr;
	err = smmu_pcie_dma(t->fn, &d, NULL);
	if (err != -EAGAIN)
		return wrong(t, "page request for 0x%" PRIx64 ": %s", addr,
			     err ? strerror(-err) : "the page was there");
	run_smmu_poll(t->smmu);
	(void)iommu_iopf_flush_dev(t->m->dev);
	if (t->record->answers == answers || stats(t).outstanding_pages)
		return wrong(t, "a page request was never answered");
	t->t->pri = code_name(t->record->code);
	if (t->record->code != (served ? SMMU_PRG_SUCCESS : SMMU_PRG_INVALID_REQUEST))
		return wrong(t, "a page request was answered: %s", t->t->pri);
	if (!served)
		return true;
	err = smmu_pcie_dma(t->fn, &d, NULL);
	return err ? wrong(t, "after its page request: %s", strerror(-err)) : true;
}

/* The domain serves faults, so the driver has PRI on while it is attached (DRV-84). */
static bool asks_under_pasid(struct test *t, struct iommu_domain *domain, uint64_t iova)
{
	bool ok;

	if (!can_ask(t))
		return true;
	if (!pri_is_on(t))
		return wrong(t, "the driver has PRI off in a domain that serves faults");
	ok = asks_for_a_page(t, true, iova, true);
	(void)iommu_unmap(domain, iova, t->page);
	return ok;
}

static bool under_pasid(struct test *t, struct iommu_domain *domain)
{
	const uint64_t iova = domain->aperture_start + 16 * t->page;
	uint8_t *ram = (uint8_t *)t->ram.cpu + t->page;
	int err = iommu_map(domain, iova, t->ram.pa + t->page, t->page,
			    IOMMU_READ | IOMMU_WRITE);
	bool ok;

	if (err)
		return wrong(t, "map under a PASID: %s", strerror(-err));
	ok = moves(t, true, iova, ram, "DMA with a PASID") &&
	     shut_out(t, false, iova, ram, "DMA without that PASID");
	if (iommu_unmap(domain, iova, t->page) != t->page)
		return wrong(t, "unmap under a PASID fell short");
	return ok && shut_out(t, true, iova, ram, "DMA with a PASID after the unmap") &&
	       asks_under_pasid(t, domain, iova + 8 * t->page);
}

/* What cannot be for reasons of the group, not of the function: no failure. */
static bool attach_pasid(struct test *t, struct iommu_domain *domain)
{
	int err = iommu_attach_device_pasid(domain, t->m->dev, PASID, &t->handle);

	if (!err)
		return true;
	if (t->m->next != SIZE_MAX || !t->m->leads) {
		t->t->pasid = "not in this group";
		return false;
	}
	return wrong(t, "attach under PASID %d: %s", PASID, strerror(-err));
}

static bool pasids(struct test *t)
{
	struct iommu_domain *domain;
	bool ok;
	int err;

	if (iommu_dev_max_pasids(t->m->dev) <= PASID)
		return true;
	err = iommu_paging_domain_alloc(t->m->dev, IOMMU_ALLOC_PASID, &domain);
	if (err)
		return wrong(t, "no domain for a PASID: %s", strerror(-err));
	domain->fault_token = t;
	if (can_ask(t))
		domain->iopf_handler = serve;
	ok = attach_pasid(t, domain);
	if (ok) {
		ok = under_pasid(t, domain);
		iommu_detach_device_pasid(domain, t->m->dev, PASID);
		ok = ok && shut_out(t, true, domain->aperture_start + 16 * t->page,
				    (uint8_t *)t->ram.cpu + t->page,
				    "DMA with a PASID that is detached");
		if (ok && pri_is_on(t))
			ok = wrong(t, "PRI is on where nobody serves faults");
		t->t->pasid = ok ? "ok" : "FAILED";
	}
	iommu_domain_free(domain);
	run_smmu_poll(t->smmu);
	return t->t->ok;
}

/*
 * PRI without PASIDs. Nobody serves the default domain, so the driver has it off; a
 * function that asks all the same has to get an answer.
 */
static bool pages_without_pasid(struct test *t)
{
	uint64_t iova;
	bool ok;
	int err;

	if (t->t->pri || !can_ask(t) || pri_is_on(t))
		return true;
	err = iommu_dma_map(t->m->dev, t->ram.pa, t->page, IOMMU_READ, &iova);
	if (!err)
		err = iommu_dma_unmap(t->m->dev, iova, t->page);
	if (!err)
		err = smmu_pcie_enable_pri(t->fn, PAGE_CREDITS);
	ok = err ? wrong(t, "a page to ask for: %s", strerror(-err))
		 : asks_for_a_page(t, false, iova, false);
	(void)smmu_pcie_disable_pri(t->fn);
	return ok;
}

/* ---- Interrupts -------------------------------------------------------------------- */

static void on_interrupt(void *arg)
{
	struct test *t = arg;

	t->interrupts++;
}

static void write16(struct test *t, unsigned at, uint32_t value)
{
	smmu_pcie_cfg_write(t->fn, (uint16_t)at, 2, value);
}

/* Vector 0 to that address; MSI-X if it has both. */
static void program(struct test *t, uint64_t addr, uint32_t data)
{
	const unsigned msix = smmu_pcie_find_cap(t->fn, SMMU_PCI_CAP_MSIX);
	const unsigned msi = smmu_pcie_find_cap(t->fn, SMMU_PCI_CAP_MSI);

	if (msix) {
		smmu_pcie_bar_write(t->fn, 0, (uint32_t)addr);
		smmu_pcie_bar_write(t->fn, 4, (uint32_t)(addr >> 32));
		smmu_pcie_bar_write(t->fn, 8, data);
		smmu_pcie_bar_write(t->fn, 12, 0);
		write16(t, msix + 2, 1u << 15);
		t->t->interrupt = "MSI-X";
		return;
	}
	smmu_pcie_cfg_write(t->fn, (uint16_t)(msi + 4), 4, (uint32_t)addr);
	smmu_pcie_cfg_write(t->fn, (uint16_t)(msi + 8), 4, (uint32_t)(addr >> 32));
	write16(t, msi + 12, data);
	write16(t, msi + 2, 1);
	t->t->interrupt = "MSI";
}

static bool raises(struct test *t, const struct iommu_msi *msi)
{
	const uint64_t page = msi->pa & ~(t->page - 1);
	uint64_t iova;
	int err =
		iommu_dma_map(t->m->dev, page, t->page, IOMMU_WRITE | IOMMU_MMIO, &iova);

	if (err)
		return wrong(t, "the doorbell cannot be mapped: %s", strerror(-err));
	program(t, iova + (msi->pa - page), msi->data);
	err = smmu_pcie_interrupt(t->fn, 0);
	if (err || t->interrupts != 1)
		wrong(t, "%s: %s", t->t->interrupt,
		      err ? strerror(-err) : "it did not reach its doorbell");
	(void)iommu_dma_unmap(t->m->dev, iova, t->page);
	err = smmu_pcie_interrupt(t->fn, 0);
	if (err != -EFAULT || t->interrupts != 1)
		return wrong(t, "%s: it went through where nothing is mapped",
			     t->t->interrupt);
	run_smmu_poll(t->smmu);
	return t->t->ok;
}

static bool interrupts(struct test *t)
{
	const struct iommu_platform p = run_platform(&t->run->platform);
	struct iommu_msi msi;
	bool ok;

	if (!smmu_pcie_find_cap(t->fn, SMMU_PCI_CAP_MSI) &&
	    !smmu_pcie_find_cap(t->fn, SMMU_PCI_CAP_MSIX))
		return true;
	if (p.ops->msi_request(p.ctx, "function", on_interrupt, t, &msi))
		return true; /* the machine has no doorbell */
	ok = raises(t, &msi);
	p.ops->irq_free(p.ctx, "function");
	return ok;
}

/* ---- Reset ------------------------------------------------------------------------- */

static bool resets(struct test *t)
{
	const bool ats = iommu_pci_ats_enabled(t->m->dev);
	const uint64_t before = stats(t).resets;
	int err;

	if (smmu_pcie_vf(t->fn, 0) && smmu_pcie_present(smmu_pcie_vf(t->fn, 0))) {
		t->t->reset = "has VFs";
		return true;
	}
	err = iommu_pci_reset(t->m->dev);
	if (err == -ENOTTY)
		return true;
	if (err)
		return wrong(t, "FLR: %s", strerror(-err));
	if (stats(t).resets != before + 1)
		return wrong(t, "FLR: the function was not reset");
	t->t->reset = "ok";
	if (iommu_pci_ats_enabled(t->m->dev) != ats)
		return wrong(t, "after its FLR ATS is %s", ats ? "off" : "on");
	if (stats(t).atc_entries)
		return wrong(t, "its ATC is not empty after an FLR");
	return in_its_domain(t);
}

/* ---- All of it --------------------------------------------------------------------- */

static bool prepare(struct test *t)
{
	t->page = t->domain->pgsize_bitmap & -t->domain->pgsize_bitmap;
	t->buf = malloc(t->page);
	if (!t->buf ||
	    run_memory_alloc(&t->run->platform.memory, 2 * t->page, t->page, &t->ram))
		return wrong(t, "no memory");
	return true;
}

void run_pci_exercise(struct run *run, size_t master, struct iommu_domain *domain)
{
	struct run_master *m = &run->masters[master];
	struct run_pci *p = run->pci;
	struct run_pci_function *fn;
	struct test t = { .run = run, .m = m, .fn = m->hw->pcie, .domain = domain };
	struct smmu_pcie_stats s;

	if (!m->hw->pcie || m->smmu < 0 || m->hw->named == SIZE_MAX)
		return;
	fn = &p->fn[p->function[m->hw->named]];
	t.f = smmu_pci_function(p->pci, p->function[m->hw->named]);
	t.record = t.f->is_vf ? &p->fn[t.f->pf] : fn; /* a VF's answers go to its PF */
	t.t = &fn->test;
	t.smmu = &run->smmus[m->smmu];
	fn->test = (struct run_pci_test){ .done = true, .ok = true };
	run_smmu_watch(t.smmu);
	if (prepare(&t) && check_ats(&t) && in_its_domain(&t) && pasids(&t) &&
	    pages_without_pasid(&t) && interrupts(&t))
		(void)resets(&t);
	run_smmu_unwatch(t.smmu);
	s = stats(&t);
	fn->test.fills = s.atc_fills;
	fn->test.hits = s.atc_hits;
	fn->test.invalidations = s.invalidations;
	run_memory_free(&run->platform.memory, &t.ram);
	free(t.buf);
}
