"""The API's description, made of what the handlers themselves are annotated with."""

from collections.abc import Iterable
from http import HTTPStatus
from typing import Any, Final

from aiohttp import web
from pydantic import BaseModel
from pydantic.json_schema import models_json_schema

from services.dashboard.web.answers import ERRORS, ErrorAnswer
from services.dashboard.web.endpoint import Asked, Endpoint
from services.dashboard.web.guard import CSRF_HEADER, SAFE_METHODS

_REF: Final = "#/components/schemas/{model}"
_PLACES: Final = ("path", "query", "header")
_MEDIA: Final = {"body": "application/json", "form": "application/x-www-form-urlencoded"}
_FILE: Final = {"type": "object", "required": ["file"], "properties": {"file": {"type": "string", "format": "binary"}}}


def describe(endpoints: Iterable[Endpoint]) -> dict[str, Any]:
    """Return the OpenAPI 3.1 document of these endpoints."""
    listed = list(endpoints)
    schemas: dict[str, Any] = _schemas(listed)
    paths: dict[str, Any] = {}
    for endpoint in listed:
        paths.setdefault(endpoint.path, {})[endpoint.method.lower()] = _operation(endpoint, schemas)
    return {
        "openapi": "3.1.0",
        "info": {"title": "Dashboard", "version": "1"},
        "paths": paths,
        "components": {
            "schemas": schemas,
            "securitySchemes": {
                "token": {"type": "http", "scheme": "bearer"},
                "cookie": {"type": "apiKey", "in": "cookie", "name": "__Host-session"},
            },
        },
    }


def _schemas(endpoints: list[Endpoint]) -> dict[str, Any]:
    inputs: list[type[BaseModel]] = [model for endpoint in endpoints for model in endpoint.inputs.values()]
    answers: list[type[BaseModel]] = [answer for endpoint in endpoints for answer in endpoint.answers.values()]
    answers.append(ErrorAnswer)
    models: list[tuple[type[BaseModel], Any]] = [(model, "validation") for model in dict.fromkeys(inputs)]
    models += [(model, "serialization") for model in dict.fromkeys(answers)]
    _, document = models_json_schema(models, ref_template=_REF)
    return dict(document["$defs"])


def _operation(endpoint: Endpoint, schemas: dict[str, Any]) -> dict[str, Any]:
    doc = (endpoint.handler.__doc__ or "").split("\n")[0]
    operation: dict[str, Any] = {
        "summary": doc.split(". ")[0].rstrip("."),
        "description": doc,
        "x-role": endpoint.needs or "anybody",
        "security": [{"token": []}, {"cookie": []}] if endpoint.needs else [],
        "parameters": list(_parameters(endpoint, schemas)),
        "responses": _responses(endpoint),
    }
    for part, media in _MEDIA.items():
        if model := endpoint.inputs.get(part):
            operation["requestBody"] = {"required": True, "content": {media: {"schema": _ref(model)}}}
    if endpoint.takes_file:
        operation["requestBody"] = {"required": True, "content": {"multipart/form-data": {"schema": _FILE}}}
    return operation


def _parameters(endpoint: Endpoint, schemas: dict[str, Any]) -> Iterable[dict[str, Any]]:
    for place in _PLACES:
        model = endpoint.inputs.get(place)
        if model is None:
            continue
        schema = schemas[model.__name__]
        for name, about in schema["properties"].items():
            yield {
                "name": name,
                "in": place,
                "required": place == "path" or name in schema.get("required", ()),
                "description": about.get("description", ""),
                "schema": {key: value for key, value in about.items() if key != "description"},
            }
    if endpoint.needs and endpoint.method not in SAFE_METHODS:
        about = "`csrf_token` of GET /me; needed with the cookie alone"
        yield {
            "name": CSRF_HEADER,
            "in": "header",
            "required": False,
            "description": about,
            "schema": {"type": "string"},
        }


def _responses(endpoint: Endpoint) -> dict[str, Any]:
    responses: dict[str, Any] = {
        str(status.value): {
            "description": "Done" if status is HTTPStatus.OK else "Accepted: it is begun",
            "content": {"application/json": {"schema": _ref(answer)}},
        }
        for status, answer in endpoint.answers.items()
    }
    if not responses:
        responses["200"] = {"description": "Done", "content": {endpoint.media_type: {}}}
    if endpoint.websocket:
        responses = {"101": {"description": "A WebSocket of JSON messages"}}
    problem = {"application/json": {"schema": _ref(ErrorAnswer)}}
    for status, code in ERRORS.values():
        if status not in (HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN) or endpoint.needs:
            told = responses.setdefault(str(status.value), {"description": code, "content": problem})
            told["description"] = code if code in told["description"] else f"{told['description']}, {code}"
    return responses


def _ref(model: type[BaseModel]) -> dict[str, str]:
    return {"$ref": _REF.format(model=model.__name__)}


class OpenApi:
    """Serves the description."""

    def __init__(self) -> None:
        self.document: dict[str, Any] = {}
        """Set once all endpoints are known."""

    async def get(self, _: Asked) -> web.Response:
        """Describe this API as OpenAPI 3.1."""
        return web.json_response(self.document)
