/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Private to this module: reads a file of a catalog and hands it on in pieces of whole documents, so that
 * a file of any size takes the memory of a few of them.
 */
#pragma once

#include "catalog/files.h"
#include "catalog/queue.h"
#include "layer/layer.h"

typedef void piece_function(struct piece *piece, void *context);

/*
 * `emit` gets (and owns) each piece. An error in the content of the file is noted with the file and is
 * not one of this function: the file may turn out to be ignored.
 */
int cutter_read(struct layer_file *from, struct catalog_files *files, struct catalog_file *file,
		piece_function *emit, void *context, struct error *err) MUST_CHECK;
