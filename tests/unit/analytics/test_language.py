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
        ("今天天气怎么样？", "zh"),
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
    ("text", "language"),
    [
        ("Môžeš mi prosím vysvetliť, ako sa počítajú úroky z hypotéky na dom?", "sk"),
        ("Možeš li mi objasniti kako se izračunava kamata na stambeni kredit?", "hr"),
        ("Kaip apskaičiuojamos būsto paskolos palūkanos? Gal galėtum paaiškinti?", "lt"),
        ("Em pots explicar com es calculen els interessos d'una hipoteca, si us plau?", "ca"),
        ("Hvernig eru vextir af húsnæðisláni reiknaðir? Geturðu útskýrt það fyrir mér?", "is"),
        ("வீட்டுக் கடன்", "ta"),
        ("გამარჯობა", "ka"),
    ],
)
def test_less_usual_languages_are_known_too(text: str, language: str) -> None:
    assert detect(text) == language


@pytest.mark.parametrize(
    ("text", "language"),
    [
        ("請問今天的天氣如何", "zh"),
        ("Korleis vert renta på eit bustadlån rekna ut? Eg skjønar ikkje dette.", "no"),
        ("ازاي اقدر اكلم حد من خدمة العملا دلوقتي عشان المشكلة دي", "ar"),
    ],
)
def test_what_people_count_as_one_language_has_one_code(text: str, language: str) -> None:
    assert detect(text) == language


@pytest.mark.parametrize(
    "text",
    ["", " ", "ok", "Hi!", "12345 67890", "!!! ??? ...", "SELECT FROM", "😀😀😀😀", "\ud800", "\0", "天"],
)
def test_too_little_is_undefined(text: str) -> None:
    assert detect(text) == "undefined"


def test_one_foreign_word_does_not_turn_a_sentence() -> None:
    assert detect("What does the Japanese word 天気 mean when people say it?") == "en"


def test_names_of_products_do_not_turn_a_sentence() -> None:
    assert detect("我用 Docker 和 Kubernetes 部署 Spring Boot 应用，启动以后内存一直涨") == "zh"
    assert detect("เชื่อม Google Sheets กับ Power BI เพื่อดูยอดขายของแต่ละสัปดาห์") == "th"


def test_of_two_neighbours_the_one_that_more_people_write_is_likelier() -> None:
    assert detect("Tulis semula perenggan kedua supaya tidak berbunyi terlalu marah.") in {"ms", "id"}
    assert detect("Lihat halaman itu dan katakan tentang apa") == "id"


def test_the_same_text_always_gives_the_same_answer() -> None:
    text = "Das ist ein short text mit some words"

    assert len({detect(text) for _ in range(20)}) == 1


def test_the_model_is_not_loaded_at_import() -> None:
    code = (
        "import sys, analytics.pipeline, analytics.points; print({'py3langid', 'numpy'} & set(sys.modules))"
    )

    result = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)

    assert result.stdout.strip() == "set()"
