"""Where the files that come with the package lie, in a checkout and in an installed wheel alike."""

from __future__ import annotations

from pathlib import Path

PACKAGE = Path(__file__).resolve().parent


def configs() -> Path:
    """Return the folder of the configuration files: `configs/` of the checkout, `harness/_configs` of a wheel."""
    return _shipped("_configs", "configs")


def published() -> Path:
    """Return the folder of the published tables: `reports/published` of the checkout, `harness/_published`."""
    return _shipped("_published", "reports/published")


def _shipped(in_wheel: str, in_checkout: str) -> Path:
    installed = PACKAGE / in_wheel
    return installed if installed.is_dir() else PACKAGE.parent / in_checkout
