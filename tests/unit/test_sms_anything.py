"""Any text whatever yields a message or a misreading, and an answer within the limits."""

from hypothesis import given, settings
from hypothesis import strategies as st

from sms.grammar import read, written
from sms.messages import MESSAGES, Message, Misread, example_of
from sms.spelling import TEXT_CHARACTERS_MAX, plain
from sms.wording.refusals import misread
from sms.wording.said import fits
from validators.sms_number import Language

EXAMPLES = [example_of(kind) for kind in MESSAGES.values()]
ANY_TEXT = st.text(max_size=2 * TEXT_CHARACTERS_MAX)
TYPEABLE = st.text("EWBGTVCRDX OISUPURP0123456789/-., \n\u200b\u0967\u0415", max_size=200)


@st.composite
def mangled(draw: st.DrawFn) -> str:
    """A sound message in which parts were replaced, dropped, doubled or put in."""
    text = draw(st.sampled_from(EXAMPLES))
    for _ in range(draw(st.integers(1, 4))):
        begin = draw(st.integers(0, len(text)))
        end = draw(st.integers(begin, min(len(text), begin + 12)))
        put_in = draw(st.text(max_size=5) | st.just(text[begin:end] * 2) | st.just(" "))
        text = text[:begin] + put_in + text[end:]
    return text


def answered(text: str) -> None:
    said = read(text)
    if not isinstance(said, Misread):
        assert isinstance(said, Message)
        assert read(written(said)) == said
        return
    for language in Language:
        answer = misread(said, language).text
        assert fits(answer, language)
        assert answer.isprintable()
        answer.encode()


@given(ANY_TEXT | TYPEABLE)
@settings(max_examples=500)
def test_any_text(text: str) -> None:
    answered(text)


@given(mangled())
@settings(max_examples=1000)
def test_any_message_mangled(text: str) -> None:
    answered(text)


@given(st.sampled_from(list(MESSAGES)), st.lists(st.text(min_size=1, max_size=40), max_size=14))
def test_any_words_after_a_keyword(keyword: str, words: list[str]) -> None:
    answered(" ".join([keyword, *words]))


def test_a_text_of_a_million_characters() -> None:
    assert read("EWBC " * 200_000) == Misread(None, None, "", "TOO_LONG")


@given(ANY_TEXT)
def test_what_is_plain_stays_so(text: str) -> None:
    assert plain(plain(text)) == plain(text)
