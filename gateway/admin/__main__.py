"""Entry point of the administrator's commands."""

import sys

from gateway.admin.frame import main

sys.exit(main())
