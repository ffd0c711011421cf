/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/tap.h"

#include <fcntl.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/file.h"

static struct test_case *first, **last = &first;
static bool has_failed;
static const char *skipped;
static char *directory;

void test_register(struct test_case *test)
{
	*last = test;
	last = &test->next;
}

void test_fail(const char *file, int line, const char *format, ...)
{
	va_list arguments;

	has_failed = true;
	printf("# %s:%d: ", file, line);
	va_start(arguments, format);
	vprintf(format, arguments);
	va_end(arguments);
	printf("\n");
}

void test_skip(const char *why)
{
	skipped = why;
}

void test_expect_string(const char *file, int line, const char *what, const char *got, const char *want)
{
	if (got == want || (got && want && !strcmp(got, want)))
		return;
	test_fail(file, line, "%s is \"%s\", should be \"%s\"", what, got ? got : "(null)",
		  want ? want : "(null)");
}

void test_expect_ok(const char *file, int line, const char *what, int result, struct error *err)
{
	if (result < 0)
		test_fail(file, line, "%s: %s", what, err->message ? err->message : "(-1 without an error)");
	else if (err->code != ERROR_NONE)
		test_fail(file, line, "%s: succeeded with an error set: %s", what, err->message);
	error_clear(err);
}

void test_expect_error(const char *file, int line, const char *what, int result, struct error *err,
		       enum error_code code, const char *part)
{
	if (result >= 0)
		test_fail(file, line, "%s succeeded", what);
	else if (err->code != code)
		test_fail(file, line, "%s: code %d, should be %d: %s", what, (int)err->code, (int)code,
			  err->message ? err->message : "");
	else if (part && !strstr(err->message, part))
		test_fail(file, line, "%s: message \"%s\" lacks \"%s\"", what, err->message, part);
	error_clear(err);
}

const char *test_directory(void)
{
	const char *parent = getenv("TMPDIR");

	if (directory)
		return directory;
	directory = xasprintf("%s/airlift-test-XXXXXX", parent ? parent : "/tmp");
	if (!mkdtemp(directory)) {
		perror(directory);
		exit(1);
	}
	return directory;
}

static void remove_directory(void)
{
	struct error err = ERROR_INIT;

	if (directory && directory_remove_all(AT_FDCWD, directory, &err) < 0)
		printf("# %s\n", err.message);
	error_clear(&err);
	free(steal(&directory));
}

int main(int argc, char **argv)
{
	int number = 0, failures = 0;

	setvbuf(stdout, NULL, _IOLBF, 0);
	for (struct test_case *test = first; test; test = test->next) {
		if (argc > 1 && strcmp(argv[1], test->name) != 0)
			continue;
		has_failed = false;
		skipped = NULL;
		test->run();
		remove_directory();
		failures += has_failed;
		printf("%sok %d - ", has_failed ? "not " : "", ++number);
		for (const char *letter = test->name; *letter; letter++)
			putchar(*letter == '_' ? ' ' : *letter);
		if (skipped && !has_failed)
			printf(" # SKIP %s", skipped);
		putchar('\n');
	}
	printf("1..%d\n", number);
	return failures ? 1 : 0;
}
