"""`python -m tests.chaos`: run it, print the table, write report.md, report.json and timeline.svg."""

import argparse
import sys
import tempfile
from pathlib import Path

from tests.chaos import report
from tests.chaos.run import Plan, run
from tests.chaos.steady import steady

# Records of the long form that flow undisturbed.
STEADY = 100_000


def main() -> int:
    parser = argparse.ArgumentParser(prog="chaos", description=__doc__)
    parser.add_argument("--short", action="store_true", help="the form that CI runs")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--rate", type=float, default=60.0, help="records per second")
    parser.add_argument("--appendfsync", choices=["everysec", "always"], default="everysec")
    parser.add_argument("--only", default="", help="the faults whose name holds this text")
    parser.add_argument("--out", type=Path, default=Path("data/chaos"), help="folder of the report")
    parser.add_argument("--folder", type=Path, help="keep logs and stores of the run here")
    parser.add_argument(
        "--steady", type=int, metavar="RECORDS", help="only let so many flow through one worker"
    )
    args = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="chaos") as temporary:
        return work(args, args.folder or Path(temporary))


def work(args: argparse.Namespace, folder: Path) -> int:
    good = True
    plan = Plan(args.seed, args.rate, not args.short, args.appendfsync, args.only)
    if args.steady is None:
        outcome = run(plan, _new(folder / "faults"), say)
        print(report.write(outcome, args.out))
        good = outcome.findings.good
    if args.steady or not (args.short or args.only):
        calm = steady(plan, args.steady or STEADY, _new(folder / "steady"), say)
        print(report.write_steady(calm, args.out))
        good = good and calm.flat
    return 0 if good else 1


def say(line: str) -> None:
    print(line, flush=True)


def _new(folder: Path) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    return folder


if __name__ == "__main__":
    sys.exit(main())
