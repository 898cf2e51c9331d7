"""Limits of one document, checked in one pass that visits every fragment once.

Fragments are measured bottom-up and remembered, so that a document whose fragments spread one another costs no more
than its length. The limiters that come with the GraphQL library take exponential time on such documents: 698 bytes
blocked a process for ten seconds. They are used nowhere.
"""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from functools import reduce

from graphql import (
    DocumentNode,
    FieldNode,
    FragmentDefinitionNode,
    FragmentSpreadNode,
    GraphQLField,
    GraphQLInterfaceType,
    GraphQLNamedType,
    GraphQLObjectType,
    GraphQLSchema,
    InlineFragmentNode,
    IntValueNode,
    OperationDefinitionNode,
    OperationType,
    SelectionNode,
    SelectionSetNode,
    VariableNode,
    get_named_type,
    is_list_type,
    is_non_null_type,
)
from strawberry.types.field import StrawberryField

from schema.costs import (
    ASSUMED_ROWS,
    NOTHING,
    PLAIN_FIELD,
    RESOLVED_COST,
    SCHEMA_FIELD_COST,
    Cost,
    Page,
    check_cost,
    check_page,
    units,
)
from schema.refusals import QueryLimit

DEEPEST = 10
DEEPEST_INTROSPECTION = 20
DEEPEST_NESTING = 40
"""Levels of braces and spreads of any kind: bounds our own recursion before the depth of fields is known."""
MOST_ALIASES = 15
MOST_DIRECTIVES = 20
MOST_OPERATIONS = 5
MOST_FRAGMENTS = 50
MOST_SELECTIONS = 300
MOST_REPEATS = 20
"""Times that one selection set may name the same field: the merging of repeated fields takes quadratic time."""


@dataclass(frozen=True, slots=True)
class Measure:
    """The size of a selection set with everything that its fragments bring in."""

    depth: int = 0
    schema_depth: int = 0
    selections: int = 0
    aliases: int = 0
    directives: int = 0
    cost: Cost = NOTHING
    fields: frozenset[str] = frozenset()

    def beside(self, other: "Measure") -> "Measure":
        """Both, next to each other."""
        return Measure(
            max(self.depth, other.depth),
            max(self.schema_depth, other.schema_depth),
            self.selections + other.selections,
            self.aliases + other.aliases,
            self.directives + other.directives,
            self.cost + other.cost,
            self.fields | other.fields,
        )


EMPTY = Measure()


@dataclass(frozen=True, slots=True)
class Measured:
    """One operation of a document: what it asks for and what it costs."""

    name: str | None
    type: OperationType
    fields: frozenset[str]
    cost: Cost
    reads_schema: bool


def measure(schema: GraphQLSchema, document: DocumentNode) -> list[Measured]:
    """Measures every operation of a document; raises QueryLimit for one that is over a limit."""
    operations = [node for node in document.definitions if isinstance(node, OperationDefinitionNode)]
    fragments = [node for node in document.definitions if isinstance(node, FragmentDefinitionNode)]
    _check("operations", len(operations), MOST_OPERATIONS)
    _check("fragments", len(fragments), MOST_FRAGMENTS)
    ruler = Ruler(schema, fragments)
    return [ruler.measure_operation(operation) for operation in operations]


class Ruler:
    """Measures the operations of one document and remembers its fragments."""

    def __init__(self, schema: GraphQLSchema, fragments: Iterable[FragmentDefinitionNode]) -> None:
        self.schema = schema
        self.fragments = {fragment.name.value: fragment for fragment in fragments}
        self.known: dict[tuple[str, bool], Measure | None] = {}
        self.defaults: dict[str, int] = {}

    def measure_operation(self, node: OperationDefinitionNode) -> Measured:
        """Measures one operation and checks it against every limit."""
        self.known.clear()
        self.defaults = _default_rows(node)
        root = self.schema.get_root_type(node.operation)
        size = self._selection_set(node.selection_set, root, 1, is_page=False)
        directives = len(node.directives or ()) + sum(len(v.directives or ()) for v in node.variable_definitions or ())
        _check("levels of fields", size.depth, DEEPEST)
        _check("levels of schema fields", size.schema_depth, DEEPEST_INTROSPECTION)
        _check("aliases", size.aliases, MOST_ALIASES)
        _check("directives", size.directives + directives, MOST_DIRECTIVES)
        check_cost(Cost(size.cost.fixed).units({}))
        return Measured(
            name=node.name.value if node.name else None,
            type=node.operation,
            fields=size.fields,
            cost=size.cost,
            reads_schema=size.schema_depth > 0,
        )

    def _selection_set(
        self, node: SelectionSetNode, parent: GraphQLNamedType | None, level: int, *, is_page: bool
    ) -> Measure:
        _check("levels of nesting", level, DEEPEST_NESTING)
        names = Counter(_answer_name(child) for child in node.selections if isinstance(child, FieldNode))
        _check("repetitions of one field", max(names.values(), default=0), MOST_REPEATS)
        parts = [self._selection(child, parent, level, is_page=is_page) for child in node.selections]
        size = reduce(Measure.beside, parts, EMPTY)
        _check("selections", size.selections, MOST_SELECTIONS)
        return size

    def _selection(self, node: SelectionNode, parent: GraphQLNamedType | None, level: int, *, is_page: bool) -> Measure:
        extra = Measure(selections=1, directives=len(node.directives or ()))
        if isinstance(node, FieldNode):
            return extra.beside(self._field(node, parent, level, is_page=is_page))
        if isinstance(node, FragmentSpreadNode):
            return extra.beside(self._fragment(node.name.value, level, is_page=is_page))
        assert isinstance(node, InlineFragmentNode)
        inner = self.schema.get_type(node.type_condition.name.value) if node.type_condition else parent
        return extra.beside(self._selection_set(node.selection_set, inner, level + 1, is_page=is_page))

    def _fragment(self, name: str, level: int, *, is_page: bool) -> Measure:
        key = (name, is_page)
        if key in self.known:
            size = self.known[key]
            if size is None:
                raise QueryLimit(f"the fragment {name} contains itself")
            return size
        fragment = self.fragments.get(name)
        if fragment is None:
            return EMPTY  # said with better words when the document is validated
        self.known[key] = None
        parent = self.schema.get_type(fragment.type_condition.name.value)
        size = self.known[key] = self._selection_set(fragment.selection_set, parent, level + 1, is_page=is_page)
        return size

    def _field(self, node: FieldNode, parent: GraphQLNamedType | None, level: int, *, is_page: bool) -> Measure:
        name, aliases = node.name.value, 1 if node.alias else 0
        field = _field_of(parent, name)
        own_cost = PLAIN_FIELD if _is_plain(field, name) else units(_metadata(field, "own_units", RESOLVED_COST))
        if node.selection_set is None:
            return Measure(depth=1, aliases=aliases, cost=own_cost, fields=frozenset((name,)))
        has_pages = field is not None and "first" in field.args
        child = get_named_type(field.type) if field is not None else None
        inner = self._selection_set(node.selection_set, child, level + 1, is_page=has_pages)
        if name.startswith("__"):
            # Introspection is deep by nature and cheap by row; it is bounded by its own depth.
            depth = 1 + max(inner.depth, inner.schema_depth)
            return Measure(0, depth, inner.selections, aliases + inner.aliases, inner.directives,
                           units(SCHEMA_FIELD_COST * inner.selections), frozenset((name,)))  # fmt: skip
        cost = own_cost + self._rows(node, field, inner.cost, is_page=is_page)
        return Measure(1 + inner.depth, inner.schema_depth, inner.selections, aliases + inner.aliases,
                       inner.directives, cost, frozenset((name,)))  # fmt: skip

    def _rows(self, node: FieldNode, field: GraphQLField | None, row: Cost, *, is_page: bool) -> Cost:
        """What the rows below a field cost. The list inside a page is the page itself and is not counted twice."""
        if field is None or row == NOTHING:
            return row
        if "first" not in field.args:
            return row.times(_usual_rows(field)) if _is_list(field) and not is_page else row
        default = field.args["first"].default_value
        default = default if isinstance(default, int) else ASSUMED_ROWS
        argument = next((each for each in node.arguments or () if each.name.value == "first"), None)
        if argument is not None and isinstance(argument.value, VariableNode):
            variable = argument.value.name.value
            return Cost(0, (Page(variable, check_page(self.defaults.get(variable, default)), row),))
        if argument is not None and isinstance(argument.value, IntValueNode):
            return row.times(check_page(int(argument.value.value[:12])))
        return row.times(default)


def _check(what: str, found: int, limit: int) -> None:
    if found > limit:
        raise QueryLimit(f"this document has {found} {what} and may have {limit}; ask for less, or in several requests")


def _default_rows(node: OperationDefinitionNode) -> dict[str, int]:
    """The numbers that variables have when the request leaves them out."""
    return {
        definition.variable.name.value: int(definition.default_value.value[:12])
        for definition in node.variable_definitions or ()
        if isinstance(definition.default_value, IntValueNode)
    }


def _answer_name(node: FieldNode) -> str:
    return node.alias.value if node.alias else node.name.value


def _field_of(parent: GraphQLNamedType | None, name: str) -> GraphQLField | None:
    return parent.fields.get(name) if isinstance(parent, GraphQLObjectType | GraphQLInterfaceType) else None


def _is_plain(field: GraphQLField | None, name: str) -> bool:
    """Whether a field is read from the record that its parent has answered, without a resolver of its own."""
    definition = field.extensions.get("strawberry-definition") if field is not None else None
    is_read = isinstance(definition, StrawberryField) and definition.is_basic_field
    return is_read or name == "__typename"


def _usual_rows(field: GraphQLField) -> int:
    return _metadata(field, "usual_rows", ASSUMED_ROWS)


def _metadata(field: GraphQLField | None, name: str, default: int) -> int:
    """What a field says of its own cost, or else the default."""
    definition = field.extensions.get("strawberry-definition") if field is not None else None
    value = definition.metadata.get(name, default) if isinstance(definition, StrawberryField) else default
    return value if isinstance(value, int) else default


def _is_list(field: GraphQLField) -> bool:
    kind = field.type.of_type if is_non_null_type(field.type) else field.type
    return is_list_type(kind)
