/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Runs a fuzz target over files, so that every compiler and sanitizer can: what was once found stays
 * found. `replay/NAME [FILE|DIRECTORY]...`; without arguments all of tests/fuzz/corpora/NAME. Prints TAP.
 */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/file.h"
#include "base/strvec.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define MAX_INPUT_BYTES ((size_t)64 << 20)

/* The path itself, or the files in it if it is a directory. */
static void add_files(struct strvec *files, const char *path)
{
	CLEANUP(close_directory) DIR *directory = opendir(path);

	if (!directory) {
		strvec_push(files, path);
		return;
	}
	for (struct dirent *entry; (entry = readdir(directory));)
		if (entry->d_name[0] != '.')
			strvec_pushf(files, "%s/%s", path, entry->d_name);
}

/* The input is copied to a block of exactly its size: a read past its end is seen. */
static bool replay(const char *path, struct error *err)
{
	CLEANUP(strbuf_release) struct strbuf bytes = STRBUF_INIT;

	if (file_read(AT_FDCWD, path, MAX_INPUT_BYTES, &bytes, err) < 0)
		return false;
	uint8_t *copy = xmalloc(bytes.len);
	if (bytes.len)
		memcpy(copy, bytes.buf, bytes.len);
	LLVMFuzzerTestOneInput(copy, bytes.len);
	free(copy);
	return true;
}

int main(int argc, char **argv)
{
	CLEANUP(strvec_release) struct strvec files = STRVEC_INIT;
	const char *slash = strrchr(argv[0], '/');
	const char *name = slash ? slash + 1 : argv[0];
	CLEANUP(free_string) char *corpus = xasprintf("tests/fuzz/corpora/%s", name);
	int failures = 0;

	setvbuf(stdout, NULL, _IOLBF, 0);
	if (argc < 2)
		add_files(&files, corpus);
	for (int i = 1; i < argc; i++)
		add_files(&files, argv[i]);
	strvec_sort_unique(&files);
	for (size_t i = 0; i < files.count; i++) {
		struct error err = ERROR_INIT;
		/* Said before: a crash then shows where it was. */
		printf("# %s\n", files.items[i]);
		if (!replay(files.items[i], &err)) {
			printf("# %s\n", err.message);
			failures++;
		}
		error_clear(&err);
	}
	printf("%sok 1 - %s survives %zu inputs\n1..1\n", failures ? "not " : "", name, files.count);
	return failures ? 1 : 0;
}
