"""The language of a text."""

import subprocess
import sys

import pytest

from analytics.language import detect


@pytest.mark.parametrize(
    ("text", "language"),
    [
        ("How are you doing? Do you speak english?", "en"),
        ("Wie spät ist es? Es ist kurz nach drei Uhr.", "de"),
        ("Bonjour, quel temps fait-il aujourd'hui ?", "fr"),
        ("¿Cuál es la capital de Perú? La capital es Lima.", "es"),
        ("Qual é a previsão do tempo para amanhã?", "pt"),
        ("Che tempo fa oggi a Roma?", "it"),
        ("Jaka jest dzisiaj pogoda w Krakowie?", "pl"),
        ("Яка сьогодні погода у Києві?", "uk"),
        ("Какая сегодня погода в городе?", "ru"),
        ("كيف حالك اليوم يا صديقي؟", "ar"),
        ("今天天气怎么样？", "zh-cn"),
        ("今日の天気はどうですか", "ja"),
        ("오늘 날씨 어때요?", "ko"),
        ("สวัสดีครับ", "th"),
        ("Τι κάνεις;", "el"),
        ("מה שלומך?", "he"),
    ],
)
def test_a_sentence_is_enough(text: str, language: str) -> None:
    assert detect(text) == language


@pytest.mark.parametrize(
    "text", ["", " ", "ok", "Hi!", "12345 67890", "!!! ??? ...", "SELECT FROM", "😀😀😀😀", "\ud800"]
)
def test_too_little_is_undefined(text: str) -> None:
    assert detect(text) == "undefined"


def test_one_foreign_word_does_not_turn_a_sentence() -> None:
    assert detect("What does the Japanese word 天気 mean when people say it?") == "en"


def test_the_same_text_always_gives_the_same_answer() -> None:
    text = "Das ist ein short text mit some words"

    assert len({detect(text) for _ in range(20)}) == 1


def test_the_profiles_are_not_loaded_at_import() -> None:
    code = (
        "import sys, analytics.pipeline, analytics.points; print({'langdetect', 'numpy'} & set(sys.modules))"
    )

    result = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)

    assert result.stdout.strip() == "set()"
