/* SPDX-License-Identifier: Apache-2.0 */
#include <stdatomic.h>
#include <string.h>

#include "base/log.h"
#include "base/parallel.h"
#include "base/strbuf.h"
#include "tests/tap.h"

static void collect(enum log_level level, const char *message, void *context)
{
	strbuf_addf(context, "%d %s\n", (int)level, message);
}

TEST(nothing_is_shown_before_somebody_listens)
{
	EXPECT(!log_shows(LOG_WARNING));
	log_warning("%s", "into the void");
}

TEST(messages_up_to_the_level_that_was_asked_for)
{
	CLEANUP(strbuf_release) struct strbuf out = STRBUF_INIT;

	log_set_function(collect, &out, LOG_INFO);
	EXPECT(log_shows(LOG_WARNING) && log_shows(LOG_INFO) && !log_shows(LOG_DEBUG));
	log_warning("one %d", 1);
	log_info("two");
	log_debug("three");
	EXPECT_STRING(out.buf, "0 one 1\n1 two\n");
	log_set_function(NULL, NULL, LOG_WARNING);
}

TEST(a_repeated_warning_is_given_once)
{
	CLEANUP(strbuf_release) struct strbuf out = STRBUF_INIT;

	log_set_function(collect, &out, LOG_WARNING);
	for (int i = 0; i < 4; i++)
		log_warning_once("host %d", i % 2);
	EXPECT_STRING(out.buf, "0 host 0\n0 host 1\n");
	log_set_function(NULL, NULL, LOG_WARNING);
}

static void warn(size_t index, unsigned worker, void *context)
{
	(void)worker;
	(void)context;
	log_warning_once("from threads %zu", index % 3);
}

static void count(enum log_level level, const char *message, void *context)
{
	(void)level;
	(void)message;
	atomic_fetch_add((atomic_uint *)context, 1);
}

TEST(once_holds_across_threads)
{
	atomic_uint seen = 0;

	log_set_function(count, &seen, LOG_WARNING);
	parallel_for(1000, 8, warn, NULL);
	EXPECT(seen == 3);
	log_set_function(NULL, NULL, LOG_WARNING);
}
