"""Entry point of the administrator's commands."""

import sys

from actions.admin.frame import main

sys.exit(main())
