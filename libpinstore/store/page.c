/*
 * page.c - whether a page of LMDB's is what it has to be.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include <config.h>

#include "store/page.h"

#include "store/links.h"

/* -------------------------------------------------------------------- heads */

bool
ps_tree_root_fits(const struct ps_tree_root *root, bool has_numbers)
{
	return (has_numbers ? (root->flags & PS_TREE_NUMBERS) != 0
	                    : root->flags == 0) &&
	       root->depth <= PS_PAGE_DEPTH_MAX &&
	       (root->depth == 0) == (root->root == PS_PAGE_NONE);
}

static uint32_t
page_len_of(const uint8_t *head)
{
	uint32_t len = ps_page_get32(head + PS_PAGE_HEAD_LEN +
	                             PS_META_FREE_AT + PS_TREE_PAD_AT);

	if (len < PS_PAGE_LEN_MIN || len > PS_PAGE_LEN_MAX ||
	    (len & (len - 1)) != 0)
		return 0;
	return len;
}

static bool
is_root(const struct ps_tree_root *root, uint64_t last_page)
{
	return root->depth <= PS_PAGE_DEPTH_MAX &&
	       (root->root == PS_PAGE_NONE ||
	        (root->root >= 2 && root->root <= last_page));
}

void
ps_page_head_decode(const uint8_t *octets, uint64_t number,
                    struct ps_page_head *out)
{
	const uint8_t *meta = octets + PS_PAGE_HEAD_LEN;

	memset(out, 0, sizeof(*out));
	out->page_len = page_len_of(octets);
	out->last_page = ps_page_get64(meta + PS_META_LAST_AT);
	out->txn = ps_page_get64(meta + PS_META_TXN_AT);
	ps_tree_root_decode(meta + PS_META_FREE_AT, &out->free);
	ps_tree_root_decode(meta + PS_META_MAIN_AT, &out->main);
	/*
	 * Where LMDB could not write a head, it puts back the number of the one
	 * that was there, and leaves the new roots.
	 */
	out->is_head =
	        ps_page_get64(octets) == number &&
	        (ps_page_flags(octets) & PS_PAGE_KINDS) == PS_PAGE_META &&
	        ps_page_get32(meta) == PS_META_MAGIC &&
	        (ps_page_get32(meta + PS_META_VERSION_AT) & 0xff) ==
	                PS_META_VERSION &&
	        out->page_len != 0 && out->last_page >= 1 &&
	        out->last_page <= (uint64_t)INT64_MAX / PS_PAGE_LEN_MAX - 1 &&
	        (out->txn == 0 || out->txn % 2 == number);
	out->is_sound = out->is_head && is_root(&out->free, out->last_page) &&
	                is_root(&out->main, out->last_page);
}

/* -------------------------------------------------------------------- nodes */

int
ps_page_compare(struct ps_bytes a, struct ps_bytes b, bool has_numbers)
{
	uint64_t x, y;

	if (!has_numbers)
		return ps_bytes_compare(a, b);
	x = ps_page_get64(a.at);
	y = ps_page_get64(b.at);
	return x < y ? -1 : x > y;
}

static bool
is_key(uint32_t len, bool has_numbers)
{
	return has_numbers ? len == sizeof(uint64_t)
	                   : len > 0 && len <= PS_DB_KEY_MAX;
}

static uint32_t
node_len(const struct ps_page_node *node, bool is_branch)
{
	uint32_t len = PS_NODE_HEAD_LEN + node->key_len;

	if ((node->flags & PS_NODE_BIG) != 0)
		len += sizeof(uint64_t);
	else if (!is_branch)
		len += node->data_len;
	return (len + 1) & ~1u;
}

enum ps_page_fault
ps_page_check(const uint8_t *page, uint32_t len, uint32_t n, bool is_branch,
              bool has_numbers, struct ps_page_range range)
{
	const uint32_t upper = ps_page_get16(page + PS_PAGE_UPPER_AT);
	struct ps_bytes before = {NULL, 0};
	uint32_t filled = 0, i;

	for (i = 0; i < n; i++) {
		uint32_t at = ps_page_offset(page, i);
		struct ps_page_node node;
		struct ps_bytes key;

		if (at < upper || at % 2 != 0 ||
		    !ps_page_node(page, len, i, is_branch, &node))
			return PS_PAGE_BROKEN;
		filled += node_len(&node, is_branch);
		if (is_branch && i == 0)
			continue;
		key.at = node.key;
		key.len = node.key_len;
		if (!is_key(node.key_len, has_numbers) ||
		    (before.at != NULL &&
		     ps_page_compare(before, key, has_numbers) >= 0) ||
		    (before.at == NULL && range.low != NULL &&
		     ps_page_compare(key, *range.low, has_numbers) < 0))
			return PS_PAGE_DISORDER;
		before = key;
	}
	if (filled != len - upper)
		return PS_PAGE_BROKEN;
	if (before.at != NULL && range.high != NULL &&
	    ps_page_compare(before, *range.high, has_numbers) >= 0)
		return PS_PAGE_DISORDER;
	return PS_PAGE_SOUND;
}
