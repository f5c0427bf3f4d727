"""`python -m dedupe`, as good as the command."""

from dedupe.cli import main

if __name__ == "__main__":
    main()
