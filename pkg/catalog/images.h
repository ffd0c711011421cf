/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Private to this module and its tests: the images that a text of catalog documents names.
 *
 * Both functions add to `images`, in the order of the text, repetitions included; `first_line` is the
 * number of the text's first line (from 1) and enters the messages: "line 12: ...". When they fail,
 * `images` may have got some already.
 *
 * Limits: nesting is bounded (JSON: 2048, the limit of jansson; YAML: 256); in YAML also the anchors and
 * the work that aliases make.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "base/error.h"
#include "base/strvec.h"

/* JSON values one after another. Behind a separator "---" the rest is read as YAML, of which JSON is a part;
 * anything else that is no JSON value is an error. */
int images_from_json(const char *text, size_t length, uint64_t first_line, struct strvec *images,
		     struct error *err) MUST_CHECK;

/* YAML documents. */
int images_from_yaml(const char *text, size_t length, uint64_t first_line, struct strvec *images,
		     struct error *err) MUST_CHECK;

/* The members that count. */
enum image_member {
	MEMBER_OTHER,
	MEMBER_IMAGE,
	MEMBER_RELATED_IMAGES,
};
enum image_member image_member_of(const char *name, size_t length);

/* Adds a text that stands for an image; empty ones are dropped. NULL, or what is wrong with it. */
const char *images_add(struct strvec *images, const char *text, size_t length) MUST_CHECK;
