"""Who answered, by the host that was asked, in the words of OpenTelemetry's GenAI conventions."""

from __future__ import annotations

import re
from urllib.parse import urlsplit

OPENAI = "openai"

# The end of a host name -> the provider; where nothing fits, the API spoken was OpenAI's.
_HOSTS = {
    "openai.azure.com": "azure.ai.openai",
    "cognitiveservices.azure.com": "azure.ai.openai",
    "models.ai.azure.com": "azure.ai.inference",
    "inference.ai.azure.com": "azure.ai.inference",
    "services.ai.azure.com": "azure.ai.inference",
    "anthropic.com": "anthropic",
    "generativelanguage.googleapis.com": "gcp.gemini",
    "aiplatform.googleapis.com": "gcp.vertex_ai",
    "cohere.com": "cohere",
    "cohere.ai": "cohere",
    "deepseek.com": "deepseek",
    "groq.com": "groq",
    "mistral.ai": "mistral_ai",
    "perplexity.ai": "perplexity",
    "x.ai": "x_ai",
}
_BEDROCK = re.compile(r"^bedrock[\w-]*\.[\w-]+\.amazonaws\.com$")


def place(url: str) -> tuple[str, int | None]:
    """Give host and port of a URL; ("", None) where it has none. Nothing else of it goes on."""
    try:
        parts = urlsplit(url)
        host, port = parts.hostname, parts.port
    except ValueError:
        return "", None
    return host or "", port


def provider(host: str) -> str:
    """Name the provider behind a host."""
    if _BEDROCK.match(host):
        return "aws.bedrock"
    if host.endswith("-aiplatform.googleapis.com"):
        return "gcp.vertex_ai"
    ends = (name for end, name in _HOSTS.items() if host == end or host.endswith("." + end))
    return next(ends, OPENAI)
