/* SPDX-License-Identifier: Apache-2.0 */
#include "operation/columns.h"

#include <stdlib.h>
#include <string.h>

#define PADDING 1

struct cell {
	const char *text;
	size_t length;
	size_t width;  /* in characters */
	size_t column; /* the width of its column; 0: not known yet */
};

struct line {
	size_t first, n_cells; /* the last one is in no column */
};

struct table {
	struct cell *cells;
	size_t n_cells, allocated_cells;
	struct line *lines;
	size_t n_lines, allocated_lines;
};

static void table_release(struct table *table)
{
	free(table->cells);
	free(table->lines);
}

static size_t count_characters(const char *text, size_t length)
{
	size_t count = 0;

	for (size_t i = 0; i < length; i++)
		count += ((unsigned char)text[i] & 0xC0) != 0x80;
	return count;
}

static void split(struct table *table, const char *text)
{
	while (*text) {
		array_grow(table->lines, table->n_lines, table->allocated_lines);
		struct line *line = &table->lines[table->n_lines++];
		*line = (struct line){.first = table->n_cells};
		for (bool is_over = false; !is_over;) {
			size_t length = strcspn(text, "\t\n");
			array_grow(table->cells, table->n_cells, table->allocated_cells);
			table->cells[table->n_cells++] = (struct cell){
				.text = text, .length = length, .width = count_characters(text, length)};
			line->n_cells++;
			text += length;
			is_over = *text != '\t';
			text += *text != '\0';
		}
	}
}

/* The cell that a line has in a column, or NULL. */
static struct cell *find(const struct table *table, size_t line, size_t column)
{
	if (line >= table->n_lines || column + 1 >= table->lines[line].n_cells)
		return NULL;
	return &table->cells[table->lines[line].first + column];
}

/* From a line on, as far as lines have this column. */
static void set_column(struct table *table, size_t line, size_t column)
{
	size_t width = 0;
	struct cell *cell;

	for (size_t i = line; (cell = find(table, i, column)); i++)
		width = cell->width > width ? cell->width : width;
	for (size_t i = line; (cell = find(table, i, column)); i++)
		cell->column = width + PADDING;
}

static void add_line(struct strbuf *out, struct table *table, size_t number)
{
	const struct line *line = &table->lines[number];

	for (size_t i = 0; i < line->n_cells; i++) {
		const struct cell *cell = &table->cells[line->first + i];
		bool is_last = i + 1 == line->n_cells;

		if (!is_last && !cell->column)
			set_column(table, number, i);
		strbuf_add(out, cell->text, cell->length);
		for (size_t width = cell->width; width < cell->column; width++)
			strbuf_add_char(out, ' ');
	}
	strbuf_add_char(out, '\n');
}

void columns_align(struct strbuf *out, const char *text)
{
	CLEANUP(table_release) struct table table = {0};

	split(&table, text);
	for (size_t i = 0; i < table.n_lines; i++)
		add_line(out, &table, i);
}
