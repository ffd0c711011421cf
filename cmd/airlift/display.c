/* SPDX-License-Identifier: Apache-2.0 */
#include "display.h"

#include <inttypes.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <time.h>
#include <unistd.h>

#include "base/cancel.h"
#include "base/log.h"
#include "base/strbuf.h"
#include "base/text.h"
#include "document/writer.h"

#define TERMINAL_INTERVAL_MS 200
#define PLAIN_INTERVAL_MS 5000

/* stderr, with the progress line that may stand on it. */
static struct {
	pthread_mutex_t mutex;
	bool has_line;
	bool is_json;
} screen = {.mutex = PTHREAD_MUTEX_INITIALIZER};

static void write_screen(const struct strbuf *text)
{
	const char *rest = text->buf;
	size_t length = text->len;

	while (length) {
		ssize_t written = write(STDERR_FILENO, rest, length);
		if (written <= 0)
			return;
		rest += written;
		length -= (size_t)written;
	}
}

/* The mutex is held. */
static void add_erased_line(struct strbuf *text)
{
	if (screen.has_line)
		strbuf_add_string(text, "\r\033[K");
	screen.has_line = false;
}

static void add_json_message(struct strbuf *text, const char *level, const char *message)
{
	struct json_writer writer = JSON_WRITER_INIT(text, 0);

	json_open_object(&writer, NULL);
	json_write_string(&writer, "level", level);
	json_write_string(&writer, "message", message);
	json_close_object(&writer);
	strbuf_add_char(text, '\n');
}

static void show_message(enum log_level level, const char *message, void *context)
{
	static const char *const names[] = {
		[LOG_WARNING] = "warning", [LOG_INFO] = "info", [LOG_DEBUG] = "debug"};
	CLEANUP(strbuf_release) struct strbuf text = STRBUF_INIT;

	(void)context;
	pthread_mutex_lock(&screen.mutex);
	add_erased_line(&text);
	if (screen.is_json)
		add_json_message(&text, names[level], message);
	else
		strbuf_addf(&text, "%s: %s\n", names[level], message);
	write_screen(&text);
	pthread_mutex_unlock(&screen.mutex);
}

void display_print(const char *level, const char *lines)
{
	CLEANUP(strbuf_release) struct strbuf text = STRBUF_INIT;

	pthread_mutex_lock(&screen.mutex);
	add_erased_line(&text);
	if (!screen.is_json)
		strbuf_add_string(&text, lines);
	while (screen.is_json && *lines) {
		size_t length = strcspn(lines, "\n");
		CLEANUP(free_string) char *line = xstrndup(lines, length);
		add_json_message(&text, level, line);
		lines += length + (lines[length] == '\n');
	}
	write_screen(&text);
	pthread_mutex_unlock(&screen.mutex);
}

void display_start_log(bool is_json, bool is_quiet, unsigned verbosity)
{
	screen.is_json = is_json;
	if (is_quiet)
		return;
	log_set_function(show_message, NULL, verbosity > 1 ? LOG_DEBUG : verbosity ? LOG_INFO : LOG_WARNING);
}

/* --- progress */

/*
 * The rate is that of the last seconds: an exponential mean with a time constant of about ten. Before that
 * it is the mean since the phase began: what the first connections bring at once says little about an hour.
 */
#define RATE_SECONDS 10.0

struct rate {
	const char *phase;
	uint64_t first_bytes, first_time_ms;
	uint64_t bytes, time_ms;
	double bytes_per_second;
};

static void update_rate(struct rate *rate, const struct progress *progress)
{
	const char *phase = atomic_load(&progress->phase);
	uint64_t now = clock_milliseconds(), bytes = atomic_load(&progress->bytes_done);

	if (phase != rate->phase || bytes < rate->bytes) {
		*rate = (struct rate){.phase = phase,
				      .first_bytes = bytes,
				      .first_time_ms = now,
				      .bytes = bytes,
				      .time_ms = now};
		return;
	}
	double seconds = (double)(now - rate->time_ms) / 1000;
	double age_seconds = (double)(now - rate->first_time_ms) / 1000;
	if (seconds < 0.15)
		return;
	if (age_seconds < RATE_SECONDS) {
		rate->bytes_per_second = (double)(bytes - rate->first_bytes) / age_seconds;
	} else {
		double current = (double)(bytes - rate->bytes) / seconds;
		rate->bytes_per_second +=
			seconds / (seconds + RATE_SECONDS) * (current - rate->bytes_per_second);
	}
	rate->bytes = bytes;
	rate->time_ms = now;
}

static void add_time_left(struct strbuf *line, const struct rate *rate, uint64_t done, uint64_t total)
{
	if (rate->bytes_per_second < 1 || done >= total)
		return;
	uint64_t seconds = (uint64_t)((double)(total - done) / rate->bytes_per_second) + 1;
	if (seconds >= 3600)
		strbuf_addf(line, "  %" PRIu64 "h%02" PRIu64 "m left", seconds / 3600, seconds / 60 % 60);
	else if (seconds >= 60)
		strbuf_addf(line, "  %" PRIu64 "m%02" PRIu64 "s left", seconds / 60, seconds % 60);
	else
		strbuf_addf(line, "  %" PRIu64 "s left", seconds);
}

static bool describe(const struct progress *progress, const struct rate *rate, struct strbuf *line)
{
	const char *phase = atomic_load(&progress->phase);
	uint64_t items = atomic_load(&progress->items_done), n_items = atomic_load(&progress->items_total);
	uint64_t bytes = atomic_load(&progress->bytes_done), n_bytes = atomic_load(&progress->bytes_total);
	char done[TEXT_SIZE_LENGTH], total[TEXT_SIZE_LENGTH], speed[TEXT_SIZE_LENGTH];

	if (!phase)
		return false;
	strbuf_add_string(line, phase);
	if (n_items)
		strbuf_addf(line, "  %" PRIu64 "/%" PRIu64, items, n_items);
	if (n_bytes)
		strbuf_addf(line, "  %s of %s", text_format_size(bytes, done),
			    text_format_size(n_bytes, total));
	if (n_bytes && rate->bytes_per_second >= 1) {
		strbuf_addf(line, "  %s/s", text_format_size((uint64_t)rate->bytes_per_second, speed));
		add_time_left(line, rate, bytes, n_bytes);
	}
	return true;
}

static size_t terminal_width(void)
{
	struct winsize size;

	return ioctl(STDERR_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 10 ? size.ws_col : 80;
}

static void draw(const struct display *display, const struct rate *rate)
{
	CLEANUP(strbuf_release) struct strbuf text = STRBUF_INIT;
	CLEANUP(strbuf_release) struct strbuf line = STRBUF_INIT;

	pthread_mutex_lock(&screen.mutex);
	if (describe(display->progress, rate, &line)) {
		if (display->mode == DISPLAY_TERMINAL) {
			if (line.len >= terminal_width())
				strbuf_set_length(&line, terminal_width() - 1);
			strbuf_addf(&text, "\r%s\033[K", line.buf);
			screen.has_line = true;
		} else if (screen.is_json) {
			add_json_message(&text, "progress", line.buf);
		} else {
			strbuf_addf(&text, "%s\n", line.buf);
		}
		write_screen(&text);
	}
	pthread_mutex_unlock(&screen.mutex);
}

static void erase(void)
{
	CLEANUP(strbuf_release) struct strbuf text = STRBUF_INIT;

	pthread_mutex_lock(&screen.mutex);
	add_erased_line(&text);
	write_screen(&text);
	pthread_mutex_unlock(&screen.mutex);
}

void display_show(struct display *display)
{
	uint64_t interval = display->mode == DISPLAY_TERMINAL ? TERMINAL_INTERVAL_MS : PLAIN_INTERVAL_MS;
	uint64_t next = clock_milliseconds() + (display->mode == DISPLAY_TERMINAL ? 0 : interval);
	struct rate rate = {0};

	while (!atomic_load(&display->is_over)) {
		update_rate(&rate, display->progress);
		if (display->mode != DISPLAY_NONE && clock_milliseconds() >= next) {
			draw(display, &rate);
			next = clock_milliseconds() + interval;
		}
		nanosleep(&(struct timespec){.tv_nsec = 10 * 1000000}, NULL);
	}
	erase();
}
