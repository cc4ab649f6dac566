# SPDX-License-Identifier: Apache-2.0
"""What -k chooses, in every suite."""
import sys


def chosen(tests, texts, name):
    """Those whose name(test) has one of the texts, all if there is no text.

    The program ends if a text is in no name: a run of nothing would pass, and who asked for it would take that for an answer.
    """
    for text in texts:
        if not any(text in name(test) for test in tests):
            sys.exit(f"-k {text}: no test has that in its name")
    return [test for test in tests if not texts or any(text in name(test) for text in texts)]
