/* SPDX-License-Identifier: Apache-2.0 */
/* Layers in memory: tars made from a list of entries, and images of a few of them. */
#pragma once

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <zlib.h>

#include "base/strbuf.h"
#include "layer/walk.h"

struct fixture_entry {
	enum layer_entry_type type;
	const char *path;
	const char *text;  /* content, or the target of a link */
	size_t size_bytes; /* of the content, if it is not a C string */
};

#define FILE_ENTRY(path_, text_) \
	{ \
		.type = LAYER_REGULAR, .path = (path_), .text = (text_) \
	}
#define DIRECTORY_ENTRY(path_) {.type = LAYER_DIRECTORY, .path = (path_)}
#define SYMBOLIC_LINK_ENTRY(path_, target_) \
	{ \
		.type = LAYER_SYMBOLIC_LINK, .path = (path_), .text = (target_) \
	}
#define HARD_LINK_ENTRY(path_, target_) \
	{ \
		.type = LAYER_HARD_LINK, .path = (path_), .text = (target_) \
	}

enum fixture_packing {
	PACKING_NONE,
	PACKING_GZIP,
	PACKING_ZSTD,
};

struct fixture_layer {
	unsigned char *bytes;
	size_t length;
	struct layer_source source;
};

#define FIXTURE_MAX_LAYERS 4
struct fixture_image {
	struct fixture_layer layers[FIXTURE_MAX_LAYERS]; /* bottom first */
	size_t n_layers;
};

#define FIXTURE_IMAGE_INIT {.n_layers = 0}

static inline void fixture_image_release(struct fixture_image *image)
{
	for (size_t i = 0; i < image->n_layers; i++)
		free(image->layers[i].bytes);
	image->n_layers = 0;
}

static inline ssize_t fixture_read(void *context, uint64_t offset, void *data, size_t length,
				   struct error *err)
{
	const struct fixture_layer *layer = context;

	(void)err;
	memcpy(data, layer->bytes + offset, length);
	return (ssize_t)length;
}

/* POSIX.1-2017, pax, "ustar Interchange Format". */
static inline void fixture_add_header(struct strbuf *tar, char type, const char *path, const char *target,
				      size_t size)
{
	char header[512] = {0}, octal[24];
	unsigned sum = 0;

	snprintf(header, 100, "%.99s", path);
	snprintf(header + 100, 8, "%07o", 0644u);
	snprintf(header + 108, 8, "%07o", 0u);
	snprintf(header + 116, 8, "%07o", 0u);
	snprintf(octal, sizeof(octal), "%011zo", size);
	memcpy(header + 124, octal, 11);
	snprintf(header + 136, 12, "%011o", 0u);
	memset(header + 148, ' ', 8);
	header[156] = type;
	snprintf(header + 157, 100, "%.99s", target);
	memcpy(header + 257, "ustar\00000", 8);
	for (size_t i = 0; i < sizeof(header); i++)
		sum += (unsigned char)header[i];
	snprintf(header + 148, 8, "%06o", sum);
	strbuf_add(tar, header, sizeof(header));
}

static inline void fixture_add_data(struct strbuf *tar, const char *data, size_t size)
{
	static const char zeros[512];

	strbuf_add(tar, data, size);
	strbuf_add(tar, zeros, (512 - size % 512) % 512);
}

static inline void fixture_write_entry(struct strbuf *tar, const struct fixture_entry *entry)
{
	size_t size = entry->size_bytes ? entry->size_bytes : entry->text ? strlen(entry->text) : 0;
	bool is_file = entry->type == LAYER_REGULAR;
	char type = is_file                              ? '0'
		    : entry->type == LAYER_HARD_LINK     ? '1'
		    : entry->type == LAYER_SYMBOLIC_LINK ? '2'
							 : '5';

	/* GNU tar's way to write a long name: an entry of type L in front, with the name as its data. */
	if (strlen(entry->path) > 99) {
		fixture_add_header(tar, 'L', "././@LongLink", "", strlen(entry->path) + 1);
		fixture_add_data(tar, entry->path, strlen(entry->path) + 1);
	}
	fixture_add_header(tar, type, entry->path, is_file || !entry->text ? "" : entry->text,
			   is_file ? size : 0);
	if (is_file)
		fixture_add_data(tar, entry->text, size);
}

static inline void fixture_pack_gzip(struct strbuf *out, const struct strbuf *tar)
{
	z_stream stream = {.next_in = (unsigned char *)tar->buf, .avail_in = (unsigned)tar->len};

	/* 15 bits of window, and 16 for the gzip format */
	if (deflateInit2(&stream, 6, Z_DEFLATED, 15 + 16, 8, Z_DEFAULT_STRATEGY) != Z_OK)
		abort();
	strbuf_grow(out, deflateBound(&stream, tar->len));
	stream.next_out = (unsigned char *)out->buf;
	stream.avail_out = (unsigned)(out->allocated - 1);
	if (deflate(&stream, Z_FINISH) != Z_STREAM_END)
		abort();
	strbuf_set_length(out, stream.total_out);
	deflateEnd(&stream);
}

/* A frame of raw blocks (RFC 8878, 3.1.1): the format without the compression. */
static inline void fixture_pack_zstd(struct strbuf *out, const struct strbuf *tar)
{
	const size_t block_size = 100000;

	/* magic, descriptor: no flags, window: 2 MiB */
	strbuf_add(out, "\x28\xb5\x2f\xfd\x00\x58", 6);
	for (size_t i = 0; i < tar->len; i += block_size) {
		bool is_last = tar->len - i <= block_size;
		size_t size = is_last ? tar->len - i : block_size;
		size_t header = size << 3 | is_last;
		strbuf_add_char(out, (char)header);
		strbuf_add_char(out, (char)(header >> 8));
		strbuf_add_char(out, (char)(header >> 16));
		strbuf_add(out, tar->buf + i, size);
	}
}

/* Adds a layer on top. */
static inline struct fixture_layer *fixture_add_packed(struct fixture_image *image,
						       enum fixture_packing packing,
						       const struct fixture_entry *entries, size_t n_entries)
{
	CLEANUP(strbuf_release) struct strbuf tar = STRBUF_INIT;
	CLEANUP(strbuf_release) struct strbuf packed = STRBUF_INIT;
	struct fixture_layer *layer = &image->layers[image->n_layers++];
	static const char end[1024];

	for (size_t i = 0; i < n_entries; i++)
		fixture_write_entry(&tar, &entries[i]);
	strbuf_add(&tar, end, sizeof(end));
	if (packing == PACKING_GZIP)
		fixture_pack_gzip(&packed, &tar);
	else if (packing == PACKING_ZSTD)
		fixture_pack_zstd(&packed, &tar);
	struct strbuf *bytes = packing == PACKING_NONE ? &tar : &packed;
	layer->length = bytes->len;
	layer->bytes = (unsigned char *)strbuf_detach(bytes);
	layer->source = (struct layer_source){
		.read = fixture_read,
		.context = layer,
		.size_bytes = layer->length,
	};
	return layer;
}

#define FIXTURE_ADD(image, packing, ...) \
	fixture_add_packed(image, packing, (const struct fixture_entry[]){__VA_ARGS__}, \
			   ARRAY_LENGTH(((const struct fixture_entry[]){__VA_ARGS__})))

static inline int fixture_visit(const struct layer_visitor *visitor, void *context, struct error *err)
{
	CLEANUP(layer_walk_release) struct layer_walk walk = LAYER_WALK_INIT;
	struct fixture_image *image = context;

	if (layer_walk_start(&walk, visitor, err) < 0)
		return -1;
	for (size_t i = image->n_layers; i-- > 0 && !walk.is_stopped;)
		if (layer_walk_read(&walk, &image->layers[i].source, err) < 0)
			return -1;
	return 0;
}
