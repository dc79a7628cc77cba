"""Which version of the package this is."""

from importlib.metadata import PackageNotFoundError, version


def package_version() -> str:
    try:
        return version("dial-analytics")
    except PackageNotFoundError:
        # A checkout that was never installed.
        return "0"
