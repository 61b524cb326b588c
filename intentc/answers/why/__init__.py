"""A question about one connection becomes an answer: allowed or denied, by which line and which rules."""

from __future__ import annotations

from intentc.answers.why.answer import Answer, Way, answers
from intentc.answers.why.layers import Layer
from intentc.answers.why.question import Question, ask

__all__ = ["Answer", "Layer", "Question", "Way", "answers", "ask"]
