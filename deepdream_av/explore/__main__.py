"""`python -m deepdream_av.explore`."""

from deepdream_av.explore.command import main

raise SystemExit(main())
