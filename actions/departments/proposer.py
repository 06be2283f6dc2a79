"""Proposes the department of a work order from its text."""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import cache, cached_property
from typing import Optional

import numpy as np

from actions.departments.danger import DangerRule, shared_rule
from actions.departments.data import DepartmentData, read_data
from actions.departments.department import Department, DepartmentShare, Proposal, Topic
from actions.departments.model import LinearModel, Mixture, department_shares
from actions.departments.words import Places, Scores, TopicWords, fold

_CHINESE = re.compile(r"[\u4e00-\u9fff]")


@cache
def _shared_data() -> DepartmentData:
    """The repository's data, read once."""
    return read_data()


@cache
def _shared_model() -> LinearModel:
    return _model(_shared_data())


def _model(data: DepartmentData) -> LinearModel:
    topics = tuple(topic for department in data.departments for topic in department.topics)
    topic_place = {topic.id: place for place, topic in enumerate(topics)}
    texts = [example.text for example in data.examples]
    topic_of = [topic_place[example.topic] for example in data.examples]
    return LinearModel(texts, topic_of, topics, data.settings["ridge"])


class Proposer:
    """Proposes departments. Cheap to make; the model is built at the first proposal (under 2 s) and kept."""

    def __init__(self, data: Optional[DepartmentData] = None, danger: Optional[DangerRule] = None) -> None:
        """Takes the repository's data and rule where none are given. Raises DataFault for broken data."""
        self.data = data or _shared_data()
        self.danger = danger or shared_rule()
        self.topics: tuple[Topic, ...] = tuple(
            topic for department in self.data.departments for topic in department.topics
        )

    @cached_property
    def departments(self) -> dict[str, Department]:
        """Every department by its id, in the order of the data."""
        return {department.id: department for department in self.data.departments}

    @cached_property
    def _words(self) -> TopicWords:
        return TopicWords(self.topics, self.data.settings["word_prior"])

    @cached_property
    def model(self) -> LinearModel:
        """The linear model over the examples; that of the repository's data is built once for the process."""
        return _shared_model() if self.data is _shared_data() else _model(self.data)

    @cached_property
    def mixture(self) -> Mixture:
        """The calibrated mixture of the linear model and the words."""
        model = self.model
        words = [department_shares(self._words, fold(e.text), model.parts) for e in self.data.examples]
        return Mixture(model.unseen, np.array(words), model.truth)

    def profiles(self, texts: Sequence[str]) -> Scores:
        """What texts are about: (texts, topics), at least 0. Texts about one matter have alike rows."""
        longest = int(self.data.settings["longest_characters"])
        folded = [fold(text)[:longest] for text in texts]
        words = np.array([self._words.shares(text) for text in folded])
        return np.asarray(np.maximum(self.model.topic_scores(folded), 0.0) + words)

    def propose(self, text: str) -> Proposal:
        """The proposal for a text of any length; an empty or very short one gives an abstention."""
        number = self.danger.number(text)
        if number:
            return Proposal(None, "", 0.0, emergency=number)
        settings = self.data.settings
        folded = fold(text)[: int(settings["longest_characters"])]
        if len(_CHINESE.findall(folded)) < settings["least_characters"]:
            return Proposal(None, "", 0.0)
        linear, topic_scores = self.model.scores(folded)
        word_shares = self._words.shares(folded)
        parts = self.model.parts
        confidences = self.mixture.confidences(
            linear, np.asarray(np.bincount(parts, weights=word_shares), dtype=np.float64)
        )
        order = np.argsort(-confidences, kind="stable")
        first = int(order[0])
        # Character n-grams find a likeness in small talk too; without a topic's word they must be strong.
        grounded = word_shares.any() or linear[first] >= settings["wordless_from"]
        sure = bool(grounded and confidences[first] >= settings["abstain_below"])
        runners_up = self._shares(confidences, order[1:] if sure else order)
        if not sure:
            return Proposal(None, "", float(confidences[first]), runners_up)
        within = np.where(parts == first, topic_scores + word_shares, -np.inf)
        department, topic = self.data.departments[first], self.topics[int(within.argmax())]
        return Proposal(
            department.id,
            department.title,
            float(confidences[first]),
            runners_up,
            None,
            topic.id,
            topic.title,
        )

    def _shares(self, confidences: Scores, order: Places) -> tuple[DepartmentShare, ...]:
        settings = self.data.settings
        shares = []
        for place in order[: int(settings["runners_up"])]:
            if confidences[place] >= settings["runner_up_from"]:
                department = self.data.departments[int(place)]
                shares.append(DepartmentShare(department.id, department.title, float(confidences[place])))
        return tuple(shares)
