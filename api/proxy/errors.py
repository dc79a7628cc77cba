"""What the proxy itself has to say: errors in the shape of OpenAI's or, below their path, Anthropic's."""

from aiohttp import web

KINDS = {401: "authentication_error", 404: "not_found_error"}
SERVER = 500


class Refusal(Exception):
    """A call that the proxy answers itself."""

    def __init__(self, status: int, code: str, text: str) -> None:
        super().__init__(code)
        self.status = status
        self.code = code
        self.text = text

    def document(self, shape: str = "") -> dict[str, object]:
        kind = KINDS.get(self.status, "invalid_request_error" if self.status < SERVER else "api_error")
        error = {"message": self.text, "type": kind, "param": None, "code": self.code}
        return {"type": "error", "error": error} if shape.startswith("/anthropic") else {"error": error}

    def reply(self, shape: str = "") -> web.Response:
        return web.json_response(self.document(shape), status=self.status)


def no_such_path() -> Refusal:
    return Refusal(404, "unknown_path", "No upstream is configured for this path.")


def unauthorized() -> Refusal:
    return Refusal(401, "invalid_api_key", "Incorrect API key: this proxy asks for a token of its own.")


def too_large(most: int) -> Refusal:
    return Refusal(413, "request_too_large", f"The request is larger than {most} bytes.")


def unreachable() -> Refusal:
    return Refusal(502, "upstream_unreachable", "The upstream could not be reached, or broke off.")


def too_slow() -> Refusal:
    return Refusal(504, "upstream_timeout", "The upstream did not answer in time.")
