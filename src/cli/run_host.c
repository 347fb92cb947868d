/* SPDX-License-Identifier: MIT */
/*
 * The host from its board to masters that are grouped, and back: what `run` and `guest`
 * both begin with; and what is kept to be said at the end.
 */
#include <errno.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "cli/run.h"

/* ---- What there is to say --------------------------------------------------------- */

static void add_line(struct run_lines *lines, const char *fmt, va_list ap)
	__attribute__((format(printf, 2, 0)));
static void add_line(struct run_lines *lines, const char *fmt, va_list ap)
{
	char **more = realloc(lines->line, (lines->n + 1) * sizeof(*more));

	if (!more)
		return;
	lines->line = more;
	if (vasprintf(&lines->line[lines->n], fmt, ap) >= 0)
		lines->n++;
}

static void free_lines(struct run_lines *lines)
{
	for (size_t i = 0; i < lines->n; i++)
		free(lines->line[i]);
	free(lines->line);
}

void run_finding(struct run *run, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	add_line(&run->findings, fmt, ap);
	va_end(ap);
}

void run_note(struct run *run, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	add_line(&run->notes, fmt, ap);
	va_end(ap);
}

void run_unexpected(struct run *run, const char *fmt, ...)
{
	va_list ap;

	run->failed = true;
	va_start(ap, fmt);
	add_line(&run->unexpected, fmt, ap);
	va_end(ap);
}

void run_progress(struct run *run, const char *what, size_t done, size_t of)
{
	const uint64_t patience = UINT64_C(1000000000), every = UINT64_C(100000000);
	uint64_t now = run_now_ns();

	if (!isatty(STDERR_FILENO) || now - run->started_ns < patience)
		return;
	if (!what && run->progress_ns)
		fputs("\r\033[K", stderr);
	if (!what || now - run->progress_ns < every)
		return;
	fprintf(stderr, "\r\033[K%s: %zu of %zu", what, done, of);
	run->progress_ns = now;
}

/* ---- Up and down ------------------------------------------------------------------- */

static void on_core_log(void *ctx, enum iommu_log_level level, const char *message)
{
	const struct run *run = ctx;

	if (run->options->verbose && level != IOMMU_LOG_INFO)
		cli_complain("%s", message);
}

static bool start_software(struct run *run)
{
	struct iommu_system_config cfg = { .log = on_core_log, .log_ctx = run };

	run->nsmmus = smmu_machine_smmus(run->machine);
	run->nmasters = smmu_machine_masters(run->machine);
	run->smmus = calloc(run->nsmmus + 1, sizeof(*run->smmus));
	run->masters = calloc(run->nmasters + 1, sizeof(*run->masters));
	return run->smmus && run->masters && iommu_system_create(&run->sys, &cfg) == 0 &&
	       (run->fw->acpi ? iommu_acpi_create(&run->acpi, run->fw, NULL)
			      : iommu_of_create(&run->of, run->fw)) == 0;
}

/* What the driver must never have met on a machine that works. */
void run_check_health(struct run *run)
{
	for (size_t i = 0; i < run->nsmmus; i++) {
		struct arm_smmu_stats s;

		if (!run->smmus[i].driver)
			continue;
		arm_smmu_get_stats(run->smmus[i].driver, &s);
		if (s.gerrors || s.cmdq_errors || s.timeouts || s.events_overflown)
			run_unexpected(run,
				       "%s: %llu global errors, %llu refused commands, "
				       "%llu time-outs, %llu event queue overflows",
				       run->smmus[i].hw->name,
				       (unsigned long long)s.gerrors,
				       (unsigned long long)s.cmdq_errors,
				       (unsigned long long)s.timeouts,
				       (unsigned long long)s.events_overflown);
	}
}

/*
 * Masters appear first, their SMMUs' drivers later: every bind has to wait. CLI_INPUT:
 * what firmware says of an SMMU is wrong; the driver has said what.
 */
static int bring_up(struct run *run)
{
	run_devices_add(run);
	run_smmus_probe(run);
	if (run->bad_board && !run->options->lenient)
		return cli_complain("%s: %s", run->options->board,
				    run->unexpected.n ? run->unexpected.line[0] : "");
	run_devices_settle(run);
	return CLI_OK;
}

int run_host_up(struct run *run)
{
	int status = run_board_create(run);

	if (status)
		return status;
	if (start_software(run))
		return bring_up(run);
	(void)cli_complain("no memory");
	return CLI_UNEXPECTED;
}

static void stop_software(struct run *run)
{
	if (run->sys && (run->of || run->acpi)) {
		run_devices_remove(run);
		run_smmus_remove(run);
	}
	iommu_system_destroy(run->sys);
	iommu_of_destroy(run->of);
	iommu_acpi_destroy(run->acpi);
	free(run->smmus);
	free(run->masters);
}

void run_host_down(struct run *run)
{
	stop_software(run);
	run_board_destroy(run);
	free(run->rows);
	free_lines(&run->findings);
	free_lines(&run->notes);
	free_lines(&run->unexpected);
}
