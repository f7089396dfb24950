from pathlib import Path

import cv2
import numpy as np
import pytest

from boxwright_contract.errors import BadSettings
from boxwright_workshop.release import MOST_PHOTOS, photos_in


def test_photos_are_the_first_by_name_and_other_files_do_not_count(tmp_path: Path) -> None:
    for number in range(MOST_PHOTOS + 3):
        (tmp_path / f"a{number:03}.txt").write_text("no photo")
        cv2.imwrite(str(tmp_path / f"b{number:03}.png"), np.full((2, 3, 3), number, np.uint8))
    found = photos_in(tmp_path)
    assert [photo[0, 0, 0] for photo in found] == list(range(MOST_PHOTOS))


@pytest.mark.parametrize("folder", ["empty", "gone"])
def test_a_folder_without_photos_is_refused(tmp_path: Path, folder: str) -> None:
    (tmp_path / "empty").mkdir()
    with pytest.raises(BadSettings, match="there are no images in"):
        photos_in(tmp_path / folder)
