"""The program `boxwright`, also as `python -m boxwright`."""

import signal

INTERRUPTED = 128 + signal.SIGINT
"""As shells tell it of a program that Ctrl-C ended."""


def main() -> None:
    """Run the command line; never returns. Ctrl-C ends it without a traceback, imports too."""
    try:
        from boxwright.cli import main as run

        run()
    except KeyboardInterrupt:
        raise SystemExit(INTERRUPTED) from None


if __name__ == "__main__":
    main()
