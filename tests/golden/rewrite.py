"""`python -m tests.golden.rewrite`: writes what the code says now into tests/golden and docs/points.md.

The review is the diff: each changed line is a change that somebody's dashboard will see.
"""

from tests.golden.cases import CASES, EXPECTED, HERE, lines
from tests.unit.analytics.points_page import PAGE, page


def main() -> None:
    for case in CASES:
        (case / EXPECTED).write_text("".join(f"{line}\n" for line in lines(case)), "utf-8")
        print(case.relative_to(HERE))
    PAGE.write_text(page(), "utf-8")
    print(PAGE.name)


if __name__ == "__main__":
    main()
