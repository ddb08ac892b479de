#!/bin/sh
# messages.sh - whatever the tools can say, a test expects word for word
# (messages.py); unsaid.txt has those of which none does, and why.
#
# SPDX-License-Identifier: LGPL-2.1-or-later
. "$(dirname "$0")/common.sh"
python=/usr/bin/python3
need "$python"

judge()
{
	"$python" "$checks/messages.py"
}

# said WORDS: a tool that says these
said()
{
	printf 'int main(void)\n{\n\tsay("%b",\n\t    1);\n}\n' "$1" |
		plant tools/x/x.c
}

said 'no %d such'
must_pass
said 'there is no %s here, or "\n\t"it is gone'
printf 'expect_err "there is no"\n' | plant tests/system/x.sh
must_find 'tools/x/x.c:3: no test expects: here, or it is gone'
said 'the disk is full'
printf '# the disk is full\nexpect_err "disk"\n' | plant tests/system/x.sh
must_find 'no test expects: the disk is full'
said 'the disk is full'
printf "expect_err '^the disk is\\\\. full'\n" | plant tests/system/x.sh
must_find 'no test expects: the disk is full'
said 'the disk is full'
printf "expect_err '^x: the disk is full\$'\n" | plant tests/system/x.sh
must_pass
said 'the disk is full'
printf '# needs a disk that is full\nthe disk is full\n' |
	plant tests/checks/unsaid.txt
must_pass
said 'the disk is full'
printf 'the disk is full\n' | plant tests/checks/unsaid.txt
must_find 'has no reason'
said 'the disk is full'
printf '# needs a disk that is full\nthe disk is full\nthe disk is empty\n' |
	plant tests/checks/unsaid.txt
must_find 'nothing says: the disk is empty'
said 'the disk is full'
printf '# needs a disk that is full\nthe disk is full\n' |
	plant tests/checks/unsaid.txt
printf "expect_err '^x: the disk is full\$'\n" | plant tests/system/x.sh
must_find 'a test expects it'

judge_tree "$top_srcdir"
