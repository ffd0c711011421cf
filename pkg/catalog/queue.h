/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Private to this module: pieces of catalog files on their way to the threads that parse them.
 *
 * The one who fills the queue never waits: when enough bytes are in it, it takes a piece itself.
 */
#pragma once

#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/strbuf.h"
#include "catalog/splitter.h"

struct catalog_file;

struct piece {
	struct piece *next;
	struct catalog_file *file; /* borrowed */
	struct strbuf text;
	uint64_t first_line; /* from 1 */
	enum piece_format format;
};

void piece_freep(struct piece **piece);

struct piece_queue {
	pthread_mutex_t mutex; /* guards all that follows */
	pthread_cond_t changed;
	struct piece *first;
	struct piece *last;
	size_t size_bytes;
	bool is_closed;
};

void piece_queue_init(struct piece_queue *queue);
/* Frees what nobody took. */
void piece_queue_release(struct piece_queue *queue);
bool piece_queue_is_full(struct piece_queue *queue);
/* Takes the piece. */
void piece_queue_push(struct piece_queue *queue, struct piece *piece);
/* The next piece, now the caller's; NULL if there is none (after `wait`: and none will come). */
struct piece *piece_queue_take(struct piece_queue *queue, bool wait);
/* No more pieces will come; with `discard`, those that wait are dropped. */
void piece_queue_close(struct piece_queue *queue, bool discard);
