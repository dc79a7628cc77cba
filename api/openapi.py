"""The OpenAPI 3.1 document of the HTTP door, as it is served at /openapi.json."""

from typing import Any

from flask import Blueprint

from api.version import package_version

doors = Blueprint("openapi", __name__)

_BATCH = {
    "type": "array",
    "items": {
        "type": "object",
        "required": ["message"],
        "properties": {"message": {"type": "string", "description": "One line of DIAL Core's prompt log."}},
    },
    "example": [{"message": '{"request":{"uri":"/v1/gpt-4o/rate","time":"2026-09-01T12:00:00.123"}}'}],
}
_LINES = {
    "type": "string",
    "description": "One JSON object a line: a bare line of the prompt log, or an object with `message`.",
}
_REPLY = {
    "type": "array",
    "items": {
        "type": "object",
        "required": ["status"],
        "properties": {
            "status": {"enum": ["success", "error"]},
            "error": {"type": "string"},
            "reason": {
                "enum": [
                    "invalid request message",
                    "invalid JSON in request message",
                    "invalid log record",
                ]
            },
        },
    },
}
_PROBLEM = {
    "type": "object",
    "required": ["detail"],
    "properties": {
        "detail": {
            "type": "array",
            "items": {
                "type": "object",
                "required": ["type", "loc", "msg"],
                "properties": {
                    "type": {"type": "string"},
                    "loc": {"type": "array", "items": {"type": ["string", "integer"]}},
                    "msg": {"type": "string"},
                },
            },
        }
    },
}
_READINESS = {
    "type": "object",
    "required": ["status"],
    "properties": {
        "status": {"enum": ["ready", "unavailable"]},
        "reasons": {"type": "array", "items": {"type": "string"}},
        "backlog": {"type": "object", "additionalProperties": {"type": "integer"}},
        "oldest_s": {"type": "object", "additionalProperties": {"type": "number"}},
        "idle_s": {"type": "object", "additionalProperties": {"type": "number"}},
        "dead_letters": {"type": "object", "additionalProperties": {"type": "integer"}},
        "paused_sinks": {"type": "object", "additionalProperties": {"type": "string"}},
    },
}


def _json(name: str, text: str) -> dict[str, Any]:
    schema = {"$ref": f"#/components/schemas/{name}"}
    return {"description": text, "content": {"application/json": {"schema": schema}}}


def _retry(name: str, text: str) -> dict[str, Any]:
    return _json(name, text) | {"headers": {"Retry-After": {"schema": {"type": "integer"}}}}


# An empty requirement: where no tokens are configured, nothing is asked.
_TOKEN: list[dict[str, list[str]]] = [{"bearer": []}, {"basic": []}, {}]
_DENIED = _json("Problem", "A token is needed, or another one.")
_OK = {"200": {"description": "OK"}}
_POST_DATA = {
    "operationId": "postData",
    "summary": "Take a batch of prompt log lines",
    "description": "The body may be plain, or packed with Content-Encoding gzip, deflate or zstd.",
    "security": _TOKEN,
    "requestBody": {
        "required": True,
        "content": {
            "application/json": {"schema": {"$ref": "#/components/schemas/Batch"}},
            "application/x-ndjson": {"schema": {"$ref": "#/components/schemas/Lines"}},
        },
    },
    "responses": {
        "200": _json("Reply", "The accepted lines are safe; one status per line, in the order sent."),
        "401": _DENIED,
        "408": _json("Problem", "The body did not arrive in time: send it again."),
        "413": _json("Problem", "More bytes than allowed, as sent or unpacked."),
        "415": _json("Problem", "A media type or content encoding that is not read."),
        "422": _json("Problem", "No JSON, or no list."),
        "429": _retry("Problem", "Too much is waiting already: send the batch again later."),
        "503": _retry("Problem", "The batch could not be stored: send it again."),
    },
}
_PATHS = {
    "/data": {
        "post": _POST_DATA,
        "head": {
            "operationId": "headData",
            "summary": "Vector's health check",
            "security": _TOKEN,
            "responses": _OK | {"401": _DENIED},
        },
    },
    "/health": {
        "get": {"operationId": "getHealth", "summary": "The process answers", "responses": _OK},
    },
    "/metrics": {
        "get": {
            "operationId": "getMetrics",
            "summary": "Figures of all processes for Prometheus",
            "security": _TOKEN,
            "responses": {
                "200": {"description": "OK", "content": {"text/plain": {"schema": {"type": "string"}}}},
                "401": _DENIED,
                "503": _json("Problem", "Redis is away."),
            },
        }
    },
    "/ready": {
        "get": {
            "operationId": "getReady",
            "summary": "A batch would be taken now, and reach its sinks",
            "responses": {
                "200": _json("Readiness", "Ready."),
                "503": _json("Readiness", "Not ready, and why."),
            },
        }
    },
}


_SCHEMAS = {
    "Batch": _BATCH,
    "Lines": _LINES,
    "Reply": _REPLY,
    "Problem": _PROBLEM,
    "Readiness": _READINESS,
}


_SCHEMES = {
    "bearer": {"type": "http", "scheme": "bearer"},
    "basic": {"type": "http", "scheme": "basic", "description": "The token as the password of any user."},
}


def document() -> dict[str, Any]:
    return {
        "openapi": "3.1.0",
        "info": {"title": "dial-analytics", "version": package_version()},
        "paths": _PATHS,
        "components": {"schemas": _SCHEMAS, "securitySchemes": _SCHEMES},
    }


@doors.get("/openapi.json")
def openapi() -> dict[str, Any]:
    return document()
