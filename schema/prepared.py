"""Prepared documents: parsed, measured and validated once, then served from a bounded memory.

Any text of any client works; what was seen lately costs a look-up. The ready-made documents of our own clients are kept
apart and never pushed out, so that a flood of other texts cannot make the marketplace forget what accepting looks like.
"""

from collections import OrderedDict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from graphql import (
    ASTValidationRule,
    DocumentNode,
    ExecutableDefinitionNode,
    FragmentDefinitionNode,
    GraphQLError,
    GraphQLSchema,
    NoSchemaIntrospectionCustomRule,
    OperationDefinitionNode,
    OperationType,
    parse,
    specified_rules,
    validate,
)
from graphql.execution.collect_fields import FragmentDetails
from strawberry.schema.validation_rules.maybe_null import MaybeNullValidationRule
from strawberry.schema.validation_rules.one_of import OneOfInputValidationRule

from marketplace.core.metrics import OTHER
from schema.costs import Cost, check_cost
from schema.limits import Measured, measure
from schema.masking import ERRORS_PER_ANSWER
from schema.projection import Projections
from schema.refusals import BadDocument, BadRequest, QueryLimit
from schema.sharing import ToldTexts, is_same_for_all
from schema.variables import Takers, Variables

MOST_TOKENS = 1_000
MOST_COMMENTS = 200
LONGEST_DOCUMENT = 32_768
LONGEST_KEPT = 16_384
KEPT_DOCUMENTS = 512
KEPT_CHARACTERS = 524_288
"""Characters of all kept documents together; parsed, a document takes some forty times its length."""


@dataclass(frozen=True, slots=True)
class Operation:
    """One operation of a prepared document, ready to be executed."""

    document: DocumentNode
    name: str | None
    type: OperationType
    fields: frozenset[str]
    cost: Cost
    reads_schema: bool
    node: OperationDefinitionNode
    fragments: dict[str, FragmentDefinitionNode]
    fragment_details: dict[str, FragmentDetails]
    variables: Variables
    projections: Projections
    told: ToldTexts | None

    def units(self, variables: Mapping[str, Any]) -> int:
        """What it costs with these variables; raises QueryLimit when that is too much."""
        return check_cost(self.cost.units(variables))


@dataclass(frozen=True, slots=True)
class Prepared:
    """A document that passed every check, with its operations by name."""

    operations: Mapping[str | None, Operation]

    def select(self, name: str | None) -> Operation:
        """The operation that is executed for that name, by the rules of GraphQL."""
        if name is not None:
            if name not in self.operations:
                raise BadRequest("the document has no operation of that name", field="operationName")
            return self.operations[name]
        if len(self.operations) > 1:
            raise BadRequest("the document has several operations; say which by operationName", field="operationName")
        return next(iter(self.operations.values()))


class Documents:
    """Prepares documents and remembers them, up to a number and a size."""

    def __init__(
        self,
        schema: GraphQLSchema,
        *,
        ready_made: Iterable[str] = (),
        may_read_schema: bool = True,
        kept_documents: int = KEPT_DOCUMENTS,
        kept_characters: int = KEPT_CHARACTERS,
    ) -> None:
        self.schema = schema
        self.kept_documents = kept_documents
        self.kept_characters = kept_characters
        self._ready_made: dict[str, Prepared | None] = dict.fromkeys(ready_made)
        self._lately: OrderedDict[str, Prepared] = OrderedDict()
        self._characters = 0
        self._takers = Takers()
        self._rules: tuple[type[ASTValidationRule], ...] = (
            *specified_rules,
            MaybeNullValidationRule,
            OneOfInputValidationRule,
            *(() if may_read_schema else (NoSchemaIntrospectionCustomRule,)),
        )

    def known(self, text: str) -> Prepared | None:
        """The document if preparing it costs nothing now: one of our own, or one that was seen lately."""
        if text in self._ready_made:
            return self.prepare(text)
        prepared = self._lately.get(text)
        if prepared is not None:
            self._lately.move_to_end(text)
        return prepared

    def label(self, text: str, operation: Operation) -> str:
        """The operation's name if the document is one of our own; callers' names are theirs, and without number."""
        return operation.name or OTHER if text in self._ready_made else OTHER

    def prepare(self, text: str) -> Prepared:
        """The checked document; raises BadDocument or QueryLimit with words for whoever wrote it."""
        if text in self._ready_made:
            prepared = self._ready_made[text]
            if prepared is None:
                prepared = self._ready_made[text] = self._check(text)
            return prepared
        if text in self._lately:
            return self._lately[text]
        prepared = self._check(text)
        self._keep(text, prepared)
        return prepared

    def _keep(self, text: str, prepared: Prepared) -> None:
        if len(text) > LONGEST_KEPT:
            return
        self._lately[text] = prepared
        self._characters += len(text)
        while len(self._lately) > self.kept_documents or self._characters > self.kept_characters:
            dropped, _ = self._lately.popitem(last=False)
            self._characters -= len(dropped)

    def _check(self, text: str) -> Prepared:
        document = _parsed(text, with_places=False)
        # Our own limits come first: they bound the work of the standard rules, some of which take quadratic time.
        measured = measure(self.schema, document)
        if self._validate(document):
            # A document without places in its text takes half the memory; only a refused one is read again with them.
            errors = self._validate(_parsed(text, with_places=True))[:ERRORS_PER_ANSWER]
            raise BadDocument("the document does not fit the schema", [_formatted(error) for error in errors])
        return self._prepared(document, measured)

    def _prepared(self, document: DocumentNode, measured: Iterable[Measured]) -> Prepared:
        nodes = [node for node in document.definitions if isinstance(node, OperationDefinitionNode)]
        fragments = [node for node in document.definitions if isinstance(node, FragmentDefinitionNode)]
        projections = Projections(self.schema, fragments)
        operations = [
            Operation(
                document=document,
                name=each.name,
                type=each.type,
                fields=each.fields,
                cost=each.cost,
                reads_schema=each.reads_schema,
                node=node,
                fragments={fragment.name.value: fragment for fragment in fragments},
                fragment_details={fragment.name.value: FragmentDetails(fragment) for fragment in fragments},
                variables=Variables(self.schema, node, self._takers),
                projections=projections,
                told=_told(node, fragments),
            )
            for each, node in zip(measured, nodes, strict=True)
        ]
        return Prepared({operation.name: operation for operation in operations})

    def _validate(self, document: DocumentNode) -> list[GraphQLError]:
        return validate(self.schema, document, self._rules, max_errors=ERRORS_PER_ANSWER, hide_suggestions=True)


def is_within(operation: Operation, fields: frozenset[str]) -> bool:
    """Whether an operation asks for some of these root fields and for no other."""
    asked = operation.fields - {"__typename"}
    return bool(asked) and asked <= fields


def _parsed(text: str, *, with_places: bool) -> DocumentNode:
    if len(text) > LONGEST_DOCUMENT:
        raise QueryLimit(f"a document has at most {LONGEST_DOCUMENT} characters; put values into variables")
    try:
        document = parse(text, no_location=not with_places, max_lexical_tokens=MOST_TOKENS, max_comments=MOST_COMMENTS)
    except GraphQLError as error:
        raise BadDocument("the document is not GraphQL", [_formatted(error)]) from None
    if not all(isinstance(definition, ExecutableDefinitionNode) for definition in document.definitions):
        raise BadRequest("a document holds operations and fragments, not types", field="query")
    return document


def _formatted(error: GraphQLError) -> dict[str, Any]:
    formatted: dict[str, Any] = {"message": error.message}
    if error.locations:
        formatted["locations"] = [{"line": place.line, "column": place.column} for place in error.locations[:5]]
    return formatted | {"extensions": {"code": BadDocument.code, "retryable": False}}


def _told(node: OperationDefinitionNode, fragments: list[FragmentDefinitionNode]) -> ToldTexts | None:
    """Where a subscription whose answers are the same for all keeps them."""
    is_shared = node.operation is OperationType.SUBSCRIPTION and is_same_for_all(node, fragments)
    return ToldTexts() if is_shared else None
