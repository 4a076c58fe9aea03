"""The features, by what they are about. Their ids are stable: reports and deviations name them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from qlara_contract.torture.catalogue import (
    errors,
    exports,
    folds,
    frames,
    mails,
    names,
    numbers,
    plain,
    syntax,
    whole_files,
)

if TYPE_CHECKING:
    from qlara_contract.torture.feature import Feature

FEATURES: tuple[Feature, ...] = (
    *folds.FEATURES,
    *syntax.FEATURES,
    *names.FEATURES,
    *mails.FEATURES,
    *numbers.FEATURES,
    *exports.FEATURES,
    *errors.FEATURES,
    *frames.FEATURES,
    *whole_files.FEATURES,
)
"""Every feature but the plain ones, which every file has any number of."""

PLAIN = plain.FEATURES

BY_ID: dict[str, Feature] = {each.id: each for each in (*PLAIN, *FEATURES)}
