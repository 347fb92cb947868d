/* SPDX-License-Identifier: MIT */
/*
 * libpci, and nothing but libpci. Its error handler must not return, and ends the process
 * unless it is replaced: ours leaves by longjmp. It is not told whose error it is, so
 * the import that is under way on this thread is found through a thread-local
 * pointer, which is set during a call only.
 * GAP: pci_alloc() without memory ends the process all the same: it has no handler yet.
 */
#include <errno.h>
#include <pci/pci.h>
#include <setjmp.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>
#include "pci/hierarchy.h"

enum { MAX_CAPS = 1100 }; /* 48 of the first 256 bytes, 1024 of all, and some */

struct import {
	struct smmu_pci *pci;
	struct pci_access *access;
	const char *method;
	char param[16];
	char *path;
	jmp_buf out;
	char message[160];
	struct pci_capability cap[MAX_CAPS];
};

static _Thread_local struct import *under_way;

static void on_error(char *msg, ...) __attribute__((noreturn, format(printf, 1, 2)));
static void on_error(char *msg, ...)
{
	struct import *im = under_way;
	va_list ap;

	va_start(ap, msg);
	(void)vsnprintf(im->message, sizeof(im->message), msg, ap);
	va_end(ap);
	longjmp(im->out, 1);
}

static void on_warning(char *msg, ...) __attribute__((format(printf, 1, 2)));
static void on_warning(char *msg, ...)
{
	char text[256];
	va_list ap;

	va_start(ap, msg);
	(void)vsnprintf(text, sizeof(text), msg, ap);
	va_end(ap);
	pci_problem(under_way->pci, "libpci: %s", text);
}

static void on_debug(char *msg, ...) __attribute__((format(printf, 1, 2)));
static void on_debug(char *msg, ...)
{
	(void)msg;
}

/* ---- What libpci found ---------------------------------------------------------------
 */

/* libpci stops silently where a list is broken; we say so. */
static void check_list(struct smmu_pci *pci, struct pci_dev *d,
		       const struct pci_cap *last, uint16_t rid)
{
	char name[PCI_NAME];
	unsigned next;

	if (!last)
		return;
	if (last->type == PCI_CAP_NORMAL)
		next = pci_read_byte(d, (int)last->addr + PCI_CAP_LIST_NEXT) & ~3u;
	else
		next = pci_read_long(d, (int)last->addr) >> 20 & ~3u;
	if (next)
		pci_problem(
			pci,
			"%s: the %s list does not end: 0x%02x points to 0x%02x, which "
			"is in the list already or nothing; read up to there",
			pci_name(name, (uint32_t)d->domain, rid),
			last->type == PCI_CAP_NORMAL ? "capability"
						     : "extended capability",
			last->addr, next);
}

/* Capabilities lie behind the header, extended ones behind the first 256 bytes. */
static size_t take_caps(struct import *im, struct pci_dev *d, uint16_t rid)
{
	const struct pci_cap *last[2] = { NULL, NULL };
	size_t n = 0;

	(void)pci_fill_info(d, PCI_FILL_CAPS | PCI_FILL_EXT_CAPS);
	for (const struct pci_cap *c = d->first_cap; c; c = c->next) {
		const bool extended = c->type == PCI_CAP_EXTENDED;
		char name[PCI_NAME];

		last[extended] = c;
		if (c->addr < (extended ? 0x100u : 0x40u)) {
			pci_problem(im->pci,
				    "%s: a capability at 0x%02x, where none can be",
				    pci_name(name, (uint32_t)d->domain, rid), c->addr);
			continue;
		}
		if (n < MAX_CAPS)
			im->cap[n++] = (struct pci_capability){ c->id, (uint16_t)c->addr,
								extended };
	}
	check_list(im->pci, d, last[0], rid);
	check_list(im->pci, d, last[1], rid);
	return n;
}

static int take_function(struct import *im, struct pci_dev *d)
{
	const uint16_t rid =
		(uint16_t)(d->bus << 8 | (d->dev & 0x1f) << 3 | (d->func & 7));
	uint8_t config[PCI_CONFIG_MAX];
	char name[PCI_NAME];
	size_t len = 0;
	int err;

	while (len < sizeof(config) && pci_read_block(d, (int)len, config + len, 16))
		len += 16;
	/* A dump that was cut within a line. */
	while (len < sizeof(config) && pci_read_block(d, (int)len, config + len, 1))
		len++;
	if (len < PCI_HEADER) {
		pci_problem(im->pci, "%s: its registers cannot be read: left out",
			    pci_name(name, (uint32_t)d->domain, rid));
		return 0;
	}
	if (im->pci->count == SMMU_PCI_MAX_FUNCTIONS)
		return 0;
	err = pci_add(im->pci, (uint32_t)d->domain, rid, config, len);
	if (!err)
		pci_understand(im->pci, &im->pci->fn[im->pci->count - 1], im->cap,
			       take_caps(im, d, rid));
	return err;
}

static int scan(struct import *im)
{
	const int method = pci_lookup_method((char *)(uintptr_t)im->method);
	struct pci_access *a = im->access;

	a->error = on_error;
	a->warning = on_warning;
	a->debug = on_debug;
	if (method < 0 || pci_set_param(a, im->param, im->path)) {
		(void)snprintf(im->message, sizeof(im->message),
			       "this libpci cannot read %s", im->method);
		return -EIO;
	}
	a->method = (unsigned)method;
	pci_init(a);
	pci_scan_bus(a);
	for (struct pci_dev *d = a->devices; d; d = d->next) {
		int err = take_function(im, d);

		if (err)
			return err;
	}
	return 0;
}

/* ---- The ways in ---------------------------------------------------------------------
 */

static int guarded_scan(struct import *im)
{
	int err;

	if (setjmp(im->out)) {
		under_way = NULL;
		return -EIO;
	}
	under_way = im;
	err = scan(im);
	under_way = NULL;
	return err;
}

static int import_from(struct smmu_pci *pci, const char *method, const char *param,
		       char *path, char *why, size_t n)
{
	struct import *im = calloc(1, sizeof(*im));
	int err;

	if (!im)
		return pci_why(why, n, -ENOMEM, "no memory");
	im->pci = pci;
	im->method = method;
	im->path = path;
	(void)snprintf(im->param, sizeof(im->param), "%s", param);
	im->access = pci_alloc();
	err = guarded_scan(im);
	if (!err)
		err = pci_connect(pci);
	if (err)
		(void)pci_why(why, n, err, "%s",
			      err == -ENOMEM ? "no memory" : im->message);
	pci_cleanup(im->access);
	free(im);
	if (!err && !pci->count)
		err = pci_why(why, n, -EINVAL, "no PCI function can be read there");
	return err;
}

static int finish(struct smmu_pci **out, struct smmu_pci *pci, int err)
{
	if (err)
		smmu_pci_destroy(pci);
	else
		*out = pci;
	return err;
}

/* The sound part of the dump as a file without a name. */
static int safe_copy(struct smmu_pci *pci, const char *text, size_t len, char *why,
		     size_t n)
{
	int fd = memfd_create("smmulator-pci", MFD_CLOEXEC), keep;
	FILE *out = fd < 0 ? NULL : fdopen(fd, "w");
	size_t functions;
	bool bad;

	if (!out) {
		if (fd >= 0)
			close(fd);
		return pci_why(why, n, -EIO, "no file in memory: %s", strerror(errno));
	}
	functions = pci_text_filter(pci, text, len, out);
	bad = fflush(out) || ferror(out);
	keep = bad ? -1 : dup(fd);
	fclose(out);
	if (keep < 0)
		return pci_why(why, n, -EIO, "no room for the dump in memory");
	if (functions)
		return keep;
	close(keep);
	return pci_why(why, n, -EINVAL,
		       "no PCI function with its registers; legal is what `lspci -xxxx` "
		       "prints%s%s",
		       pci->nproblems ? "; " : "", pci->nproblems ? pci->problem[0] : "");
}

int smmu_pci_from_dump(struct smmu_pci **out, const void *text, size_t len, char *why,
		       size_t n)
{
	struct smmu_pci *pci;
	char path[40];
	int fd, err;

	if (len > SMMU_PCI_MAX_BYTES)
		return pci_why(why, n, -EINVAL, "%zu bytes; legal are at most %zu", len,
			       SMMU_PCI_MAX_BYTES);
	pci = pci_create();
	if (!pci)
		return pci_why(why, n, -ENOMEM, "no memory");
	fd = safe_copy(pci, text, len, why, n);
	if (fd < 0)
		return finish(out, pci, fd);
	(void)snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	err = import_from(pci, "dump", "dump.name", path, why, n);
	close(fd);
	return finish(out, pci, err);
}

int smmu_pci_from_sysfs(struct smmu_pci **out, const char *path, char *why, size_t n)
{
	struct smmu_pci *pci = pci_create();
	char *copy = strdup(path ? path : "/sys/bus/pci");
	int err = -ENOMEM;

	if (pci && copy)
		err = import_from(pci, "linux-sysfs", "sysfs.path", copy, why, n);
	else
		(void)pci_why(why, n, err, "no memory");
	free(copy);
	return finish(out, pci, err);
}
