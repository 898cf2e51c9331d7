"""What many subscribers are told alike is answered and written out once.

An event of a stream is the same for all who may hear it; who may is decided before. So the first subscriber of a
document that is told of an event pays for the answer, and the others get the same text.
"""

from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from graphql import (
    BREAK,
    DirectiveNode,
    FragmentDefinitionNode,
    OperationDefinitionNode,
    VariableNode,
    Visitor,
    VisitorAction,
    visit,
)

TEXTS_KEPT = 64
"""Events of which an operation keeps what it has told; a burst that is longer is answered more than once."""


@dataclass(frozen=True, slots=True)
class Shared:
    """A value of a subscription that is the same for everybody: what it is known by, and how to get its record."""

    key: object
    record: Callable[[], Any]


class ToldTexts:
    """The latest answers of one operation, written out, by the event that they tell of."""

    def __init__(self) -> None:
        self._texts: OrderedDict[object, str] = OrderedDict()

    def known(self, key: object) -> str | None:
        """The answer, if somebody was told of this event lately."""
        return self._texts.get(key)

    def keep(self, key: object, text: str) -> None:
        """Keeps an answer for the next who is told the same."""
        self._texts[key] = text
        if len(self._texts) > TEXTS_KEPT:
            self._texts.popitem(last=False)


def is_same_for_all(operation: OperationDefinitionNode, fragments: list[FragmentDefinitionNode]) -> bool:
    """Whether what is selected below the root fields hangs on nothing that a caller sends."""
    finder = _Finder()
    for node in operation.selection_set.selections:
        if node.directives or not hasattr(node, "selection_set"):
            return False
        if node.selection_set is not None:
            visit(node.selection_set, finder)
    for fragment in fragments:
        visit(fragment, finder)
    return not finder.has_found


class _Finder(Visitor):
    """Looks for variables and directives."""

    def __init__(self) -> None:
        super().__init__()
        self.has_found = False

    def enter(self, node: Any, *_: Any) -> VisitorAction:
        """Stops at the first of them."""
        if isinstance(node, VariableNode | DirectiveNode):
            self.has_found = True
            return BREAK
        return None
