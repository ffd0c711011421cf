/* SPDX-License-Identifier: Apache-2.0 */
/* Threads, the flag that stops them, progress. */
#include <pthread.h>
#include <stdatomic.h>
#include <string.h>

#include "base/cancel.h"
#include "base/parallel.h"
#include "base/progress.h"
#include "tests/tap.h"

#define N_ITEMS 20000

struct tally {
	atomic_uint seen[N_ITEMS];
	unsigned by_worker[64]; /* each written by its worker only */
	atomic_uint total;
	unsigned cancel_after;
	unsigned n_workers;
	atomic_bool is_wrong;
};

static struct tally tally;

static void count_item(size_t index, unsigned worker, void *context)
{
	struct tally *counts = context;

	if (index >= N_ITEMS || worker >= counts->n_workers) {
		atomic_store(&counts->is_wrong, true);
		return;
	}
	atomic_fetch_add(&counts->seen[index], 1);
	counts->by_worker[worker]++;
	if (atomic_fetch_add(&counts->total, 1) + 1 == counts->cancel_after)
		atomic_store(&cancel_flag, true);
}

static void run(size_t n_items, unsigned n_workers, unsigned cancel_after)
{
	memset(&tally, 0, sizeof(tally));
	tally.cancel_after = cancel_after;
	tally.n_workers = n_workers ? n_workers : 1;
	parallel_for(n_items, n_workers, count_item, &tally);
	EXPECT(!tally.is_wrong);
}

static void expect_all_once(size_t n_items)
{
	unsigned sum = 0;

	for (size_t i = 0; i < n_items; i++)
		if (tally.seen[i] != 1)
			test_fail(__FILE__, __LINE__, "item %zu ran %u times", i, tally.seen[i]);
	for (size_t i = 0; i < ARRAY_LENGTH(tally.by_worker); i++)
		sum += tally.by_worker[i];
	EXPECT(sum == n_items && tally.total == n_items);
}

TEST(every_item_runs_once)
{
	static const unsigned workers[] = {0, 1, 2, 8, 64};

	for (size_t i = 0; i < ARRAY_LENGTH(workers); i++) {
		run(N_ITEMS, workers[i], 0);
		expect_all_once(N_ITEMS);
	}
}

TEST(more_workers_than_items_and_no_items)
{
	run(3, 64, 0);
	expect_all_once(3);
	run(0, 8, 0);
	expect_all_once(0);
}

TEST(nothing_starts_after_the_flag)
{
	run(N_ITEMS, 8, 100);
	/* Those under way end: at most one more for each worker. */
	EXPECT(tally.total >= 100 && tally.total <= 108);
	run(N_ITEMS, 8, 0);
	EXPECT(tally.total == 0);
	atomic_store(&cancel_flag, false);
}

static void run_inner(size_t index, unsigned worker, void *context)
{
	(void)worker;
	(void)context;
	struct tally *inner = xcalloc(1, sizeof(*inner));
	inner->n_workers = 3;
	parallel_for(index + 1, 3, count_item, inner);
	if (inner->total != index + 1)
		atomic_store(&tally.is_wrong, true);
	free_memory(&inner);
}

TEST(loops_can_be_nested)
{
	memset(&tally, 0, sizeof(tally));
	parallel_for(50, 4, run_inner, NULL);
	EXPECT(!tally.is_wrong);
}

TEST(there_is_at_least_one_core)
{
	EXPECT(parallel_cores() >= 1);
}

TEST(sleep_lasts_as_long_as_it_should)
{
	struct error err = ERROR_INIT;
	uint64_t start_ms = clock_milliseconds();

	EXPECT_OK(cancel_sleep(0, &err), &err);
	EXPECT_OK(cancel_sleep(60, &err), &err);
	uint64_t passed_ms = clock_milliseconds() - start_ms;
	EXPECT(passed_ms >= 59 && passed_ms < 5000);
}

static void *raise_flag(void *unused)
{
	struct error err = ERROR_INIT;

	if (cancel_sleep(30, &err) < 0)
		error_clear(&err);
	atomic_store(&cancel_flag, true);
	return unused;
}

TEST(sleep_ends_when_cancelled_however_long_it_is)
{
	struct error err = ERROR_INIT;
	pthread_t thread;

	EXPECT(pthread_create(&thread, NULL, raise_flag, NULL) == 0);
	EXPECT_ERROR(cancel_sleep(UINT64_MAX, &err), &err, ERROR_CANCELLED, "interrupted");
	EXPECT(cancel_requested());
	pthread_join(thread, NULL);
	atomic_store(&cancel_flag, false);
}

TEST(a_new_phase_starts_from_zero)
{
	static struct progress progress;

	progress_start(&progress, "copying", 10, 1000);
	progress.items_done += 3;
	progress.bytes_done += 500;
	EXPECT(progress.items_total == 10 && progress.bytes_total == 1000);
	progress_start(&progress, "tags", 5, 0);
	EXPECT_STRING(atomic_load(&progress.phase), "tags");
	EXPECT(!progress.items_done && !progress.bytes_done && progress.items_total == 5 &&
	       !progress.bytes_total);
}
