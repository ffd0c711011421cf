/* SPDX-License-Identifier: Apache-2.0 */
#include "registry/child.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/cancel.h"
#include "base/file.h"
#include "registry/secret.h"

#define ERRORS_LIMIT_BYTES 1024
/* How soon a request to stop is noticed. */
#define SLICE_MS 100

void child_release(struct child *child)
{
	if (child->pid > 0) {
		kill(-child->pid, SIGKILL);
		while (waitpid(child->pid, NULL, 0) < 0 && errno == EINTR)
			continue;
	}
	close_file(&child->output_fd);
	close_file(&child->errors_fd);
	secret_release(&child->output);
	secret_release(&child->errors);
	*child = (struct child)CHILD_INIT;
}

/* The reading end of a pipe that holds the input. Written before anybody reads: the input is smaller than
 * a pipe, and a reader that is gone already would be a SIGPIPE. */
static int open_input(const char *input, struct error *err)
{
	int ends[2];

	if (strlen(input) > PIPE_BUF)
		return error_set(err, ERROR_INVALID, "longer than %d bytes", PIPE_BUF);
	if (pipe2(ends, O_CLOEXEC) < 0)
		return error_set_errno(err, "pipe");
	int result = file_write_all(ends[1], input, strlen(input), "pipe", err);
	close(ends[1]);
	if (result < 0)
		close(ends[0]);
	return result < 0 ? -1 : ends[0];
}

/* Its own process group, so that all of it can be killed; signals as a new program expects them. */
static void set_attributes(posix_spawnattr_t *attributes)
{
	sigset_t none, defaults;

	sigemptyset(&none);
	sigemptyset(&defaults);
	sigaddset(&defaults, SIGPIPE);
	sigaddset(&defaults, SIGINT);
	sigaddset(&defaults, SIGTERM);
	sigaddset(&defaults, SIGHUP);
	posix_spawnattr_setpgroup(attributes, 0);
	posix_spawnattr_setsigmask(attributes, &none);
	posix_spawnattr_setsigdefault(attributes, &defaults);
	posix_spawnattr_setflags(attributes,
				 POSIX_SPAWN_SETPGROUP | POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF);
}

static int spawn(struct child *child, const char *const argv[], const int fds[3], struct error *err)
{
	posix_spawn_file_actions_t actions;
	posix_spawnattr_t attributes;

	if (posix_spawn_file_actions_init(&actions) || posix_spawnattr_init(&attributes))
		return error_set(err, ERROR_IO, "%s: cannot be run", argv[0]);
	set_attributes(&attributes);
	int number = 0;
	for (int i = 0; i < 3 && !number; i++)
		number = posix_spawn_file_actions_adddup2(&actions, fds[i], i);
	if (!number)
		/* POSIX has argv of pointers to characters that nobody changes. */
		number = posix_spawnp(&child->pid, argv[0], &actions, &attributes, (char *const *)argv,
				      environ);
	posix_spawn_file_actions_destroy(&actions);
	posix_spawnattr_destroy(&attributes);
	if (!number)
		return 0;
	child->pid = 0;
	if (number == ENOENT)
		return error_set(err, ERROR_NOT_FOUND, "%s: no such program in PATH", argv[0]);
	errno = number;
	return error_set_errno(err, "%s", argv[0]);
}

int child_start(struct child *child, const char *const argv[], const char *input, struct error *err)
{
	CLEANUP(close_file) int input_fd = open_input(input, err);
	int output[2], errors[2];

	if (input_fd < 0)
		return -1;
	if (pipe2(output, O_CLOEXEC) < 0)
		return error_set_errno(err, "pipe");
	child->output_fd = output[0];
	CLEANUP(close_file) int output_end = output[1];
	if (pipe2(errors, O_CLOEXEC) < 0)
		return error_set_errno(err, "pipe");
	child->errors_fd = errors[0];
	CLEANUP(close_file) int errors_end = errors[1];
	return spawn(child, argv, (const int[]){input_fd, output_end, errors_end}, err);
}

/* One portion; closes the descriptor at the end. True when there is more than the limit. */
static bool read_portion(int *fd, struct strbuf *into, size_t limit_bytes)
{
	char portion[4096];
	ssize_t got = read(*fd, portion, sizeof(portion));

	if (got <= 0) {
		if (got == 0 || errno != EINTR)
			close_file(fd);
		return false;
	}
	size_t room = limit_bytes - into->len;
	strbuf_add(into, portion, (size_t)got < room ? (size_t)got : room);
	explicit_bzero(portion, sizeof(portion));
	return (size_t)got > room;
}

struct deadline {
	uint64_t at_ms;
	uint64_t timeout_ms; /* for the message */
};

/* An error when the time is over or somebody asked to stop. */
static int check_time(const struct deadline *deadline, struct error *err)
{
	if (cancel_requested())
		return cancel_error(err);
	if (clock_milliseconds() >= deadline->at_ms)
		return error_set(err, ERROR_IO, "no answer within %.3g s",
				 (double)deadline->timeout_ms / 1000);
	return 0;
}

static int reap(struct child *child, const struct deadline *deadline, struct error *err)
{
	for (;;) {
		pid_t ended = waitpid(child->pid, &child->status, WNOHANG);
		if (ended == child->pid) {
			child->pid = 0;
			return 0;
		}
		if (ended < 0 && errno != EINTR)
			return error_set_errno(err, "waitpid");
		if (check_time(deadline, err) < 0)
			return -1;
		poll(NULL, 0, 5);
	}
}

int child_finish(struct child *child, uint64_t timeout_ms, size_t output_limit_bytes, struct error *err)
{
	const struct deadline deadline = {.at_ms = clock_milliseconds() + timeout_ms,
					  .timeout_ms = timeout_ms};

	/* At once, so that growing leaves no copies of secrets behind. */
	strbuf_grow(&child->output, output_limit_bytes);
	while (child->output_fd >= 0 || child->errors_fd >= 0) {
		struct pollfd polled[] = {{.fd = child->output_fd, .events = POLLIN},
					  {.fd = child->errors_fd, .events = POLLIN}};

		if (check_time(&deadline, err) < 0)
			return -1;
		if (poll(polled, 2, SLICE_MS) < 0 && errno != EINTR)
			return error_set_errno(err, "poll");
		if (polled[0].revents && read_portion(&child->output_fd, &child->output, output_limit_bytes))
			return error_set(err, ERROR_INVALID, "its answer is longer than %zu bytes",
					 output_limit_bytes);
		if (polled[1].revents)
			read_portion(&child->errors_fd, &child->errors, ERRORS_LIMIT_BYTES);
	}
	return reap(child, &deadline, err);
}
