"""``python -m rlef_agents.cli``: the command, for torchrun and others that start a module."""

import sys

from rlef_agents.cli.command import main

if __name__ == "__main__":
    sys.exit(main())
