"""Personal data as people without need see it."""

import pytest

from vehicles.domain.masking import mask_name, mask_phone


@pytest.mark.parametrize(
    ("name", "shown"),
    [
        ("", ""),
        ("张", "张"),
        (" 张三 ", "张＊"),
        ("张三丰", "张＊＊"),
        ("买买提江", "买＊＊＊"),
        ("阿不都热合曼", "阿＊＊＊＊＊"),
        ("甲乙公司", "甲＊＊＊"),
        ("甲乙丙公司", "甲乙丙公司"),
        ("博乐市第一学校分校", "博乐市第一学校分校"),
        ("甲乙丙丁厂", "甲乙丙丁厂"),
        ("甲乙丙厂", "甲＊＊＊"),
        ("厂甲乙丙丁", "厂＊＊＊＊"),
    ],
)
def test_persons_keep_their_first_character_and_organisations_of_five_all(
    name: str, shown: str
) -> None:
    assert mask_name(name) == shown


@pytest.mark.parametrize(
    ("phone", "shown"),
    [
        ("", ""),
        ("123456", "＊＊＊＊＊＊"),
        ("1234567", "1234567"),
        ("12345678", "123＊5678"),
        (" 13812345678 ", "138＊＊＊＊5678"),
    ],
)
def test_a_telephone_shows_three_and_four_digits(phone: str, shown: str) -> None:
    assert mask_phone(phone) == shown
