"""The columns of what telemetry and the usage report tell, which came after the others."""

# Column -> its type and what it holds for events that were written before.
COLUMNS = {
    "audio_prompt_tokens": "INTEGER NOT NULL DEFAULT 0",
    "audio_completion_tokens": "INTEGER NOT NULL DEFAULT 0",
    "total_tokens": "INTEGER NOT NULL DEFAULT 0",
    "has_usage": "INTEGER NOT NULL DEFAULT 0",
    "input_cost": "INTEGER",
    "output_cost": "INTEGER",
    "price_key": "TEXT NOT NULL DEFAULT ''",
    "price_match": "TEXT NOT NULL DEFAULT ''",
    "url": "TEXT NOT NULL DEFAULT ''",
    "operation": "TEXT NOT NULL DEFAULT ''",
    "api": "TEXT NOT NULL DEFAULT ''",
    "request_model": "TEXT NOT NULL DEFAULT ''",
    "response_model": "TEXT NOT NULL DEFAULT ''",
    "finish_reasons": "TEXT NOT NULL DEFAULT '[]'",
    "error_type": "TEXT NOT NULL DEFAULT ''",
    "parameters": "TEXT NOT NULL DEFAULT '{}'",
    "answered": "TEXT NOT NULL DEFAULT '{}'",
    "embedding_count": "INTEGER NOT NULL DEFAULT 0",
    "embedding_dimension": "INTEGER NOT NULL DEFAULT 0",
}
# Of an event written before, these are as good as what is known today.
_FROM_BEFORE = """
UPDATE events SET total_tokens = prompt_tokens + completion_tokens,
    has_usage = prompt_tokens + completion_tokens > 0
WHERE surface IN ('chat', 'embeddings', 'responses', 'anthropic')
"""

STATEMENTS = (
    *(f"ALTER TABLE events ADD COLUMN {name} {kind}" for name, kind in COLUMNS.items()),
    _FROM_BEFORE,
)
MODEL_PRICES = ("ALTER TABLE model_usage ADD COLUMN price_source TEXT NOT NULL DEFAULT 'none'",)
