/* SPDX-License-Identifier: MIT */
/*
 * Free right after detach is safe for who owns a group (CORE-57, CORE-75, CORE-80). The
 * use after free that started the rule: a user claims a group, attaches a domain,
 * detaches it, frees it; its device's DMA still goes through what is freed. This file is
 * built with the core, and with a core that lacks the rule, on which the same steps must
 * be caught: in a child, by domains that are poisoned instead of freed.
 */
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>
#include "core/double.h"

#if defined(CLAIM_ASSIGNS_NOTHING)
#define LACKS_THE_RULE 1
#else
#define LACKS_THE_RULE 0
#endif

enum verdict {
	FINE,
	NOT_MOVED, /* owned, and still in the kernel's default domain */
	FREED_DMA, /* DMA goes through a domain that is freed */
	FREED_OLD, /* a driver is told to leave a domain that is freed */
	NO_DOMAIN, /* owned, and in no domain */
	BROKEN,	   /* the steps themselves fail */
};

static int alice;
static struct iommu_domain *grave; /* the one that was freed */

static int poisoned(const struct iommu_domain *d)
{
	return d && d == grave;
}

/* Stays where it is, and nobody who looks at it can take it for a domain. */
static void poison(struct iommu_domain *d)
{
	struct td_domain *t = tdom(d);

	t->w->domains--;
	memset(t, 0xdb, sizeof(*t));
	grave = d;
}

static enum verdict outcome;

static int watch_attach(struct iommu_domain *d, struct iommu_dev *dev,
			struct iommu_domain *old)
{
	if (poisoned(old) || poisoned(td(dev)->cur))
		outcome = FREED_OLD;
	td(dev)->cur = d;
	return 0;
}

/* What hardware does with a transaction of the device. */
static enum verdict dma(struct iommu_dev *dev)
{
	if (!td(dev)->cur)
		return NO_DOMAIN;
	return poisoned(td(dev)->cur) ? FREED_DMA : FINE;
}

static enum verdict owned(struct iommu_dev *dev)
{
	struct iommu_group_state s = state_of(dev);

	if (!s.owner)
		return BROKEN;
	if (!s.domain || !td(dev)->cur)
		return NO_DOMAIN;
	return s.domain == s.default_domain ? NOT_MOVED : FINE;
}

static struct world *make(struct iommu_dev **a)
{
	struct world *w = world_create(NULL);

	w->drv[0].paging_ops.attach_dev = watch_attach;
	w->drv[0].blocked_ops.attach_dev = watch_attach;
	w->drv[0].paging_ops.free = poison;
	world_register(w, 0);
	*a = world_dev(w, "a", 0, 1);
	return w;
}

/* Claim alone moves the group out of the default domain. */
static enum verdict claim_only(void)
{
	struct iommu_dev *a;

	(void)make(&a);
	if (iommu_device_claim_dma_owner(a, &alice))
		return BROKEN;
	return owned(a);
}

static enum verdict attach_detach_free(struct iommu_dev *a)
{
	struct iommu_domain *d = world_domain(a);

	if (iommu_attach_device(d, a) || td(a)->cur != d)
		return BROKEN;
	iommu_detach_device(d, a);
	iommu_domain_free(d);
	return FINE;
}

/* Then DMA comes. */
static enum verdict dma_after_free(void)
{
	enum verdict v;
	struct iommu_dev *a;

	(void)make(&a);
	if (iommu_device_claim_dma_owner(a, &alice))
		return BROKEN;
	v = attach_detach_free(a);
	return v ? v : dma(a);
}

/* Then the owner goes, and the group is moved out of where it was. */
static enum verdict release_after_free(void)
{
	enum verdict v;
	struct iommu_dev *a;

	(void)make(&a);
	if (iommu_device_claim_dma_owner(a, &alice))
		return BROKEN;
	v = attach_detach_free(a);
	if (v)
		return v;
	iommu_device_release_dma_owner(a);
	return outcome ? outcome : dma(a);
}

/* In a child: a core that lacks the rule may do anything. */
static enum verdict in_child(enum verdict (*steps)(void))
{
	int status;
	pid_t pid;

	fflush(NULL);
	pid = fork();
	assert_true(pid >= 0);
	if (pid == 0)
		_exit((int)steps());
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFEXITED(status));
	return (enum verdict)WEXITSTATUS(status);
}

/* CORE-75 */
static void claim_moves_the_group(void **state)
{
	(void)state;
	assert_int_equal(in_child(claim_only), LACKS_THE_RULE ? NOT_MOVED : FINE);
}

/* CORE-57, CORE-80 */
static void claim_free_after_detach_dma(void **state)
{
	(void)state;
	assert_int_equal(in_child(dma_after_free), LACKS_THE_RULE ? FREED_DMA : FINE);
}

/* CORE-57, CORE-78, CORE-80 */
static void claim_free_after_detach_release(void **state)
{
	(void)state;
	assert_int_equal(in_child(release_after_free), LACKS_THE_RULE ? FREED_OLD : FINE);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(claim_moves_the_group),
		cmocka_unit_test(claim_free_after_detach_dma),
		cmocka_unit_test(claim_free_after_detach_release),
	};

	return cmocka_run_group_tests_name("core_claim", tests, NULL, NULL);
}
