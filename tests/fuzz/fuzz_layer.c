/* SPDX-License-Identifier: Apache-2.0 */
/* Layers: whatever the bytes are, the walk ends, and what is seen lies below the location. */
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "layer/path.h"
#include "layer/walk.h"

/* A fuzzer likes bombs; the limits of the product are for patience, not for a million runs. */
#define MAX_FILES 1000

struct input {
	const uint8_t *data;
	size_t n_files;
};

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(bool condition)
{
	if (!condition)
		abort();
}

static ssize_t read_input(void *context, uint64_t offset, void *data, size_t length, struct error *err)
{
	const struct input *input = context;

	(void)err;
	memcpy(data, input->data + offset, length);
	return (ssize_t)length;
}

static int visit_file(struct layer_file *file, void *context, struct error *err)
{
	struct input *input = context;
	const char *path = layer_file_path(file);
	char buffer[4096];
	ssize_t result;

	require(layer_path_is_within(path, "c") && strlen(path) <= LAYER_MAX_PATH);
	while ((result = layer_file_read(file, buffer, sizeof(buffer), err)) > 0)
		require((size_t)result <= sizeof(buffer));
	return result < 0 ? -1 : ++input->n_files >= MAX_FILES;
}

static int visit_link(const char *path, const char *target, void *context, struct error *err)
{
	(void)context, (void)err;
	require(layer_path_is_within(path, "c") && *target != '/');
	return 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	CLEANUP(error_clear) struct error err = ERROR_INIT;
	CLEANUP(layer_walk_release) struct layer_walk walk = LAYER_WALK_INIT;
	struct input input = {.data = data};
	struct layer_source source = {.read = read_input, .context = &input, .size_bytes = size};
	struct layer_visitor visitor = {
		.location = "/c",
		.file = visit_file,
		.link = visit_link,
		.context = &input,
	};

	require(layer_walk_start(&walk, &visitor, &err) == 0);
	if (layer_walk_read(&walk, &source, &err) < 0)
		require(err.code == ERROR_INVALID);
	return 0;
}
