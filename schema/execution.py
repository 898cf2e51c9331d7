"""Executing a prepared operation straight on the GraphQL engine: queries and mutations once, subscriptions as a stream.

The schema is strawberry's; its own execution wraps the engine in an extension runner that takes longer than a small
operation does. Everything it would add here, caches, limits and masking, is done before or after.
"""

import inspect
from collections.abc import AsyncGenerator, AsyncIterable, AsyncIterator, Mapping
from contextlib import AsyncExitStack, aclosing, suppress
from typing import Any, cast

import orjson
from graphql import (
    ExecutionResult,
    Executor,
    GraphQLError,
    GraphQLObjectType,
    GraphQLSchema,
    VariableValues,
    create_source_event_stream,
    default_field_resolver,
    default_type_resolver,
    execute_root_selection_set,
    execute_subscription_event,
    get_variable_values,
)
from strawberry.execution import optimized_is_awaitable

from schema.context import RequestContext
from schema.masking import ERRORS_PER_ANSWER, answered_errors
from schema.prepared import Operation
from schema.projection import Projections
from schema.refusals import BadDocument
from schema.sharing import Shared


async def execute(
    schema: GraphQLSchema, operation: Operation, variables: Mapping[str, Any], context: RequestContext
) -> ExecutionResult:
    """The result of a query or mutation; raises BadDocument when the variables do not fit."""
    result = execute_root_selection_set(_executor(schema, operation, variables, context))
    return await result if inspect.isawaitable(result) else result


async def stream(
    schema: GraphQLSchema, operation: Operation, variables: Mapping[str, Any], context: RequestContext
) -> AsyncIterator[str]:
    """The answers of a subscription as JSON, one for each event, until its source ends or the reader leaves.

    Raises BadDocument when the subscription cannot begin, and whatever its source raises later.
    """
    executor = _executor(schema, operation, variables, context)
    source = create_source_event_stream(executor)
    source = await source if inspect.isawaitable(source) else source
    if isinstance(source, ExecutionResult):
        raise BadDocument("the subscription cannot begin", answered_errors(source.errors or (), context.request_id))
    async with aclosing(_with_fresh_loaders(source, context)) as events:
        async for event in events:
            yield await _told(executor, operation, event, context.request_id)


async def _told(executor: Executor[Any], operation: Operation, event: Any, request_id: str) -> str:
    """What a subscriber is told of an event; where somebody else was told the same, that very text."""
    texts = operation.told
    if not isinstance(event, Shared):
        texts = None
    elif texts is not None and (known := texts.known(event.key)) is not None:
        return known
    record = event.record() if isinstance(event, Shared) else event
    result = execute_subscription_event(executor.build_per_event_executor(record))
    result = await result if inspect.isawaitable(result) else result
    text = orjson.dumps(answer_content(result, request_id)).decode()
    if texts is not None and not result.errors:
        texts.keep(event.key, text)
    return text


def answer_content(result: ExecutionResult, request_id: str) -> dict[str, Any]:
    """The result as it is sent: data, and the errors as a client may hear them."""
    if not result.errors:
        return {"data": result.data}
    return {"data": result.data, "errors": answered_errors(result.errors, request_id)}


def _executor(
    schema: GraphQLSchema, operation: Operation, variables: Mapping[str, Any], context: RequestContext
) -> Executor[Any]:
    executor = _ProjectingExecutor(
        schema,
        operation.fragments,
        operation.fragment_details,
        root_value=None,
        context_value=context,
        operation=operation.node,
        variable_values=_values(schema, operation, variables),
        field_resolver=default_field_resolver,
        type_resolver=default_type_resolver,
        subscribe_field_resolver=default_field_resolver,
        is_awaitable=cast("Any", optimized_is_awaitable),
        hide_suggestions=True,
    )
    executor.projections = operation.projections
    return executor


def _values(schema: GraphQLSchema, operation: Operation, sent: Mapping[str, Any]) -> VariableValues:
    """The variables as resolvers get them; the engine has its say about those that are not plainly right."""
    with suppress(Exception):
        return operation.variables.take(sent)
    values = get_variable_values(
        schema,
        operation.node.variable_definitions or (),
        dict(sent),
        max_errors=ERRORS_PER_ANSWER,
        hide_suggestions=True,
    )
    if isinstance(values, VariableValues):
        return values
    errors = [_coercion_error(error) for error in values[:ERRORS_PER_ANSWER]]
    raise BadDocument("the variables do not fit the document", errors)


class _ProjectingExecutor(Executor[Any]):
    """The engine, which answers records of plain fields by readers that are compiled once for each document."""

    projections: Projections

    def collect_and_execute_subfields(
        self,
        return_type: GraphQLObjectType,
        field_details_list: Any,
        path: Any,
        result: Any,
        position_context: Any,
    ) -> Any:
        """Answers a record; whatever its reader does not understand, the engine looks at as if there were none."""
        read = self.projections.reader(return_type, [details.node for details in field_details_list])
        if read is not None:
            with suppress(Exception):
                return read(result)
        return super().collect_and_execute_subfields(return_type, field_details_list, path, result, position_context)


def _coercion_error(error: GraphQLError) -> dict[str, Any]:
    return {"message": error.message, "extensions": {"code": "BAD_VARIABLES", "retryable": False}}


async def _with_fresh_loaders(source: AsyncIterable[Any], context: RequestContext) -> AsyncGenerator[Any, None]:
    """Each event of a long subscription reads anew what loaders of the event before have kept."""
    async with AsyncExitStack() as stack:
        if isinstance(source, AsyncGenerator):
            await stack.enter_async_context(aclosing(source))
        async for event in source:
            context.loaders.clear()
            yield event
