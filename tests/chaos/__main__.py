"""`python -m tests.chaos`: run it, print the table, write report.md, report.json and timeline.svg."""

import argparse
import sys
import tempfile
from pathlib import Path

from tests.chaos import report
from tests.chaos.run import Plan, run


def main() -> int:
    parser = argparse.ArgumentParser(prog="chaos", description=__doc__)
    parser.add_argument("--short", action="store_true", help="the form that CI runs")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--rate", type=float, default=60.0, help="records per second")
    parser.add_argument("--appendfsync", choices=["everysec", "always"], default="everysec")
    parser.add_argument("--only", default="", help="the faults whose name holds this text")
    parser.add_argument("--out", type=Path, default=Path("data/chaos"), help="folder of the report")
    parser.add_argument("--folder", type=Path, help="keep logs and stores of the run here")
    args = parser.parse_args()
    plan = Plan(args.seed, args.rate, not args.short, args.appendfsync, args.only)
    with tempfile.TemporaryDirectory(prefix="chaos") as temporary:
        folder = args.folder or Path(temporary)
        folder.mkdir(parents=True, exist_ok=True)
        outcome = run(plan, folder, lambda line: print(line, flush=True))
    text = report.write(outcome, args.out)
    print(text)
    return 0 if outcome.findings.good else 1


if __name__ == "__main__":
    sys.exit(main())
