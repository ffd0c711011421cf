/* SPDX-License-Identifier: Apache-2.0 */
#include "store/archive_records_members.h"

#include <string.h>

#include "store/archive_records.h"

int records_read_text(const struct node *object, const char *key, char **copy, struct error *err)
{
	struct node member = node_member(object, key);
	const char *text = NULL;

	if (node_string(&member, &text, err) < 0)
		return -1;
	*copy = xstrdup(text);
	return 0;
}

/* Names are shown, compared and written into files: they are what archive_records_name leaves as it is. */
static int check_name(const struct node *node, const char *text, struct error *err)
{
	CLEANUP(free_string) char *name = archive_records_name(text);

	return strcmp(name, text) ? node_error(node, err, "holds control characters") : 0;
}

int records_read_optional_name(const struct node *object, const char *key, char **copy, struct error *err)
{
	struct node member = node_member(object, key);
	const char *text = NULL;

	if (node_optional_string(&member, &text, err) < 0 || (text && check_name(&member, text, err) < 0))
		return -1;
	*copy = text ? xstrdup(text) : NULL;
	return 0;
}

int records_read_name(const struct node *object, const char *key, char **copy, struct error *err)
{
	struct node member = node_member(object, key);
	const char *text = NULL;

	if (node_string(&member, &text, err) < 0 || check_name(&member, text, err) < 0)
		return -1;
	*copy = xstrdup(text);
	return 0;
}

int records_read_names(const struct node *object, const char *key, struct strvec *names, struct error *err)
{
	struct node list = node_member(object, key);

	if (node_strings(&list, names, err) < 0)
		return -1;
	for (size_t i = 0; i < names->count; i++) {
		struct node element = node_element(&list, i);
		if (check_name(&element, names->items[i], err) < 0)
			return -1;
	}
	return 0;
}

/* A list that must be there; NULL with an error otherwise. */
int records_read_list(const struct node *root, const char *key, struct node *list, struct error *err)
{
	*list = node_member(root, key);
	return node_expect_array(list, err);
}
