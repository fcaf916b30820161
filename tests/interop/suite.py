"""What the suites share: cases that are counted, and processes that end."""

import contextlib
import os
import subprocess
import sys
import traceback


def repository():
    return os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))


def built(name):
    """A program that cargo made."""
    target = os.environ.get("CARGO_TARGET_DIR") or os.path.join(repository(), "target")
    return os.path.join(target, "debug", name)


class Suite:
    def __init__(self):
        self.passed, self.failed = 0, 0

    @contextlib.contextmanager
    def case(self, name):
        """Runs the body as one case: an exception in it is its failure."""
        try:
            yield
        except Exception as error:
            self.failed += 1
            print("FAILED", name, flush=True)
            for line in traceback.format_exception(error):
                print("   ", line.rstrip().replace("\n", "\n    "), flush=True)
        else:
            self.passed += 1
            print("ok", name, flush=True)

    def end(self):
        print("%d passed, %d failed" % (self.passed, self.failed), flush=True)
        sys.exit(1 if self.failed or not self.passed else 0)


def same(found, expected):
    # Not the whole of it: some values are as large as an envelope.
    assert found == expected, "expected %.300r, found %.300r" % (expected, found)


@contextlib.contextmanager
def listening(command, **options):
    """A process that says `listening on URL`; ended, by its id, with the body."""
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True, **options)
    try:
        line = process.stdout.readline()
        assert line.startswith("listening on "), "expected `listening on`, found %r" % line
        yield process, line.split()[-1]
    finally:
        process.terminate()
        try:
            process.wait(10)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
