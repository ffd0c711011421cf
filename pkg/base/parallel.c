/* SPDX-License-Identifier: Apache-2.0 */
#include "base/parallel.h"

#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <stdlib.h>

#include "base/cancel.h"
#include "base/memory.h"

struct loop {
	size_t n_items;
	parallel_function *run;
	void *context;
	atomic_size_t next;
};

struct worker {
	struct loop *loop;
	unsigned number;
	pthread_t thread;
};

static void *work(void *argument)
{
	struct worker *worker = argument;
	struct loop *loop = worker->loop;
	size_t index;

	while (!cancel_requested() && (index = atomic_fetch_add(&loop->next, 1)) < loop->n_items)
		loop->run(index, worker->number, loop->context);
	return NULL;
}

void parallel_for(size_t n_items, unsigned n_workers, parallel_function *run, void *context)
{
	struct loop loop = {.n_items = n_items, .run = run, .context = context};

	if (n_workers > n_items)
		n_workers = (unsigned)n_items;
	if (n_workers <= 1) {
		work(&(struct worker){.loop = &loop});
		return;
	}
	struct worker *workers = xcalloc(n_workers, sizeof(*workers));
	unsigned started = 0;
	for (; started < n_workers; started++) {
		workers[started] = (struct worker){.loop = &loop, .number = started};
		if (pthread_create(&workers[started].thread, NULL, work, &workers[started]) != 0)
			break;
	}
	/* A system that gives no more threads still gets the work done, by those that started. */
	if (!started)
		work(&workers[0]);
	for (unsigned i = 0; i < started; i++)
		pthread_join(workers[i].thread, NULL);
	free(workers);
}

unsigned parallel_cores(void)
{
	cpu_set_t set;

	if (sched_getaffinity(0, sizeof(set), &set) < 0)
		return 1;
	int count = CPU_COUNT(&set);
	return count > 0 ? (unsigned)count : 1;
}
