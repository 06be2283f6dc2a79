"""What the card of a case says in words: who has it, what came of it, why its time limit stands still."""

from __future__ import annotations

from dataclasses import replace

from actions.backends.ports import CaseStatus
from actions.messages import day_text
from actions.phrases import Phrases

WAYS = {"collect": "case_way_collect", "post": "case_way_post", "electronic": "case_way_electronic"}


def in_words(case: CaseStatus, phrases: Phrases) -> CaseStatus:
    """The same case, with a pause of its time limit told in its next step."""
    return replace(case, next_step=case.next_step + _pause(case, phrases))


def holder(case: CaseStatus, phrases: Phrases) -> str:
    """Who has it now, if that is more than the department on the card; "" once there is a result."""
    if case.result:
        return ""
    if case.holder:
        return phrases.say("case_holder", department=case.holder_department, holder=case.holder)
    return case.holder_department if case.holder_department != case.department else ""


def result(case: CaseStatus, phrases: Phrases) -> str:
    """What came of it and how it is collected or posted; "" while there is nothing."""
    words = [phrases.say("case_result", result=case.result)] if case.result else []
    if case.result_way and case.result_where:
        words.append(phrases.say(WAYS[case.result_way], where=case.result_where))
    return "".join(words)


def _pause(case: CaseStatus, phrases: Phrases) -> str:
    if not case.pauses or case.pauses[-1].until is not None:
        return ""
    pause = case.pauses[-1]
    return phrases.say("case_paused", day=day_text(pause.since), reason=pause.reason)
