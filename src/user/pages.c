/* SPDX-License-Identifier: MIT */
/*
 * The user's memory behind an area: shared by copies of it (CORE-142), pinned as a whole
 * by the first who needs it and let go by the last.
 */
#include <stdlib.h>
#include "user/user.h"

struct user_pages *user_pages_new(struct iommufd_ctx *ctx, uint64_t uaddr, uint64_t len,
				  bool writable)
{
	struct user_pages *pages = calloc(1, sizeof(*pages));

	if (!pages)
		return NULL;
	pages->refs = 1;
	pages->ctx = ctx;
	pages->uaddr = uaddr;
	pages->len = len;
	pages->writable = writable;
	return pages;
}

static void release(struct user_pages *pages)
{
	const struct iommufd_config *cfg = &pages->ctx->cfg;

	for (size_t i = 0; i < pages->num && cfg->user.unpin; i++)
		cfg->user.unpin(cfg->user_ctx, pages->pieces[i].pa, pages->pieces[i].len);
	free(pages->pieces);
	pages->pieces = NULL;
	pages->num = 0;
}

void user_pages_put(struct user_pages *pages)
{
	if (--pages->refs)
		return;
	release(pages);
	free(pages);
}

static int append(struct user_pages *pages, uint64_t pa, uint64_t len, size_t *room)
{
	if (pages->num == *room) {
		size_t more = *room * 2 + 4;
		struct user_piece *grown =
			realloc(pages->pieces, more * sizeof(*pages->pieces));

		if (!grown)
			return -ENOMEM;
		pages->pieces = grown;
		*room = more;
	}
	pages->pieces[pages->num++] = (struct user_piece){ pa, len };
	return 0;
}

static int pin_all(struct user_pages *pages)
{
	const struct iommufd_config *cfg = &pages->ctx->cfg;
	size_t room = 0;
	int err = 0;

	for (uint64_t done = 0; done < pages->len && !err;) {
		uint64_t left = pages->len - done, pa = 0, got = 0;

		if (!cfg->user.pin)
			return -EFAULT;
		err = cfg->user.pin(cfg->user_ctx, pages->uaddr + done, left,
				    pages->writable, &pa, &got);
		if (err)
			break;
		/* What says that it pinned nothing, or no pages, has not. */
		if (!got || got > left || (got | pa) % USER_PAGE)
			return -EFAULT;
		err = append(pages, pa, got, &room);
		if (err && cfg->user.unpin)
			cfg->user.unpin(cfg->user_ctx, pa, got);
		done += got;
	}
	return err;
}

int user_pages_pin(struct user_pages *pages)
{
	int err = 0;

	if (!pages->pins)
		err = pin_all(pages);
	if (err)
		release(pages);
	else
		pages->pins++;
	return err;
}

void user_pages_unpin(struct user_pages *pages)
{
	if (--pages->pins == 0)
		release(pages);
}

uint64_t user_pages_pa(const struct user_pages *pages, uint64_t offset, uint64_t *len)
{
	size_t i = 0;

	while (offset >= pages->pieces[i].len)
		offset -= pages->pieces[i++].len;
	*len = pages->pieces[i].len - offset;
	return pages->pieces[i].pa + offset;
}
