"""One JSON line an event, on stdout. No secret goes through here: callers pass names, kinds and counts."""

import json
import sys


def say(event: str, **facts: object) -> None:
    print(json.dumps({"event": event, **facts}), file=sys.stdout, flush=True)
