/* SPDX-License-Identifier: Apache-2.0 */
#include "catalog/queue.h"

#include <stdlib.h>

/* Bytes that wait, beyond the last piece: enough for all cores, small beside the memory we may use. */
#define QUEUE_MAX_BYTES ((size_t)16 << 20)

static void piece_free(struct piece *piece)
{
	if (!piece)
		return;
	strbuf_release(&piece->text);
	free(piece);
}

void piece_freep(struct piece **piece)
{
	piece_free(*piece);
}

void piece_queue_init(struct piece_queue *queue)
{
	*queue = (struct piece_queue){0};
	pthread_mutex_init(&queue->mutex, NULL);
	pthread_cond_init(&queue->changed, NULL);
}

static struct piece *take_first(struct piece_queue *queue)
{
	struct piece *piece = queue->first;

	if (!piece)
		return NULL;
	queue->first = piece->next;
	queue->size_bytes -= piece->text.len;
	return piece;
}

static void drop_all(struct piece_queue *queue)
{
	struct piece *piece;

	while ((piece = take_first(queue)))
		piece_free(piece);
}

void piece_queue_release(struct piece_queue *queue)
{
	drop_all(queue);
	pthread_cond_destroy(&queue->changed);
	pthread_mutex_destroy(&queue->mutex);
}

bool piece_queue_is_full(struct piece_queue *queue)
{
	pthread_mutex_lock(&queue->mutex);
	bool is_full = queue->size_bytes >= QUEUE_MAX_BYTES;
	pthread_mutex_unlock(&queue->mutex);
	return is_full;
}

void piece_queue_push(struct piece_queue *queue, struct piece *piece)
{
	piece->next = NULL;
	pthread_mutex_lock(&queue->mutex);
	if (queue->first)
		queue->last->next = piece;
	else
		queue->first = piece;
	queue->last = piece;
	queue->size_bytes += piece->text.len;
	pthread_cond_signal(&queue->changed);
	pthread_mutex_unlock(&queue->mutex);
}

struct piece *piece_queue_take(struct piece_queue *queue, bool wait)
{
	pthread_mutex_lock(&queue->mutex);
	while (wait && !queue->first && !queue->is_closed)
		pthread_cond_wait(&queue->changed, &queue->mutex);
	struct piece *piece = take_first(queue);
	pthread_mutex_unlock(&queue->mutex);
	return piece;
}

void piece_queue_close(struct piece_queue *queue, bool discard)
{
	pthread_mutex_lock(&queue->mutex);
	queue->is_closed = true;
	if (discard)
		drop_all(queue);
	pthread_cond_broadcast(&queue->changed);
	pthread_mutex_unlock(&queue->mutex);
}
