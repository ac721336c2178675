"""Whether Korean particles fit what they stand behind, as far as that can be told without a dictionary."""

import re


def _syllables(*, closed: bool) -> str:
    return "".join(chr(code) for code in range(0xAC00, 0xD7A4) if bool((code - 0xAC00) % 28) is closed)


_MISFIT = re.compile(rf"[가-힣]*(?:[{_syllables(closed=False)}][은을]|[{_syllables(closed=True)}]를)(?![가-힣])")


def misfits(text: str) -> list[str]:
    """The words whose last particle has the form for the other kind of ending.

    은 and 을 stand behind a final consonant, 를 behind none; 는, 이 and 가 end other words too and are left alone.
    """
    return _MISFIT.findall(text)
