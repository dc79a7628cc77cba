"""Every knob of the service: typed, frozen, read once. A wrong value stops the start with one line.

The fields below are the only list there is; tests compare `.env.example` and `docs/configuration.md` with it.
"""

import os
from collections.abc import Mapping
from dataclasses import dataclass, fields, replace
from pathlib import Path
from typing import Any

from analytics.points import PointSchema
from analytics.pricing import PriceBook
from analytics.pricing.table import PrefixMode
from workers import otel_knobs, proxy_knobs
from workers.keeping import FULL, NO_BODIES, NONE
from workers.knobs import (
    BLANK_TEXT,
    DEVICE,
    FLAG,
    HTTP_URL,
    JSON_FORMAT,
    KEYS,
    PATH,
    REDIS_URL,
    TEXT,
    TEXT_FORMAT,
    TOKENS,
    Environment,
    Kind,
    Knob,
    SettingsError,
    checked,
    knob,
    number,
    one_of,
    seconds,
    whole,
)

__all__ = ["Settings", "SettingsError", "knobs"]

MIB = 1024 * 1024
TEXT_LOG = "%(levelprefix)s | %(asctime)s | %(name)s | %(process)d | %(message)s"
JSON_LOG = (
    '{"level": "%(levelname)s", "time": "%(asctime)s", "logger": "%(name)s", '
    '"process": "%(process)d", "message": "%(message)s"}'
)
LEVELS = one_of("DEBUG", "INFO", "WARNING", "ERROR", "CRITICAL")
RATES = checked("a JSON object: model -> rates", PriceBook.from_model_rates)
PER_MODEL = one_of("off", "points")
SCHEMA = Kind("compat or lean", lambda env, name: env.enum(name, enum=PointSchema, by_value=True))
NO_EXPORTER = one_of("none")


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    redis_url: str = knob(
        "REDIS_URL",
        REDIS_URL,
        "redis://127.0.0.1:6379/0",
        "The Redis or Valkey that keeps the parcels.",
        secret=True,
    )
    parcel_keys: tuple[str, ...] = knob(
        "PARCEL_KEYS",
        KEYS,
        (),
        "Encrypt what rests in Redis with the first, read it with any; unset: no encryption.",
        secret=True,
    )
    redis_ca_file: Path | None = knob(
        "REDIS_CA_FILE", PATH, None, "Certificates to trust with rediss://; unset: those of the system."
    )
    data_dir: Path = knob("DATA_DIR", PATH, Path("./data"), "Folder of the embedded store and broker.")
    sqlite_path: Path | None = knob(
        "SQLITE_PATH",
        PATH,
        None,
        "SQLite file; unset: `analytics.sqlite` in DATA_DIR, if there is no other sink.",
    )

    influx_url: str | None = knob("INFLUX_URL", HTTP_URL, None, "InfluxDB to write to; unset: no InfluxDB.")
    influx_api_token: str = knob("INFLUX_API_TOKEN", TEXT, "", "Token for InfluxDB.", secret=True)
    influx_ca_file: Path | None = knob(
        "INFLUX_CA_FILE", PATH, None, "Certificates to trust with https://; unset: those of certifi."
    )
    influx_org: str = knob("INFLUX_ORG", TEXT, "", "Organisation in InfluxDB 2; needed with INFLUX_BUCKET.")
    influx_bucket: str = knob("INFLUX_BUCKET", TEXT, "", "Bucket of InfluxDB 2: this or INFLUX_DATABASE.")
    influx_database: str = knob("INFLUX_DATABASE", TEXT, "", "Database of InfluxDB 3: this or INFLUX_BUCKET.")
    influx_timeout_s: float = knob(
        "INFLUX_TIMEOUT_SECONDS", seconds(0.1, 300), 10.0, "How long one write to InfluxDB may take."
    )
    point_schema: PointSchema = knob(
        "POINT_SCHEMA", SCHEMA, PointSchema.COMPAT, "`lean` keeps request ids out of the tags: fewer series."
    )
    usage_per_model: str = knob(
        "USAGE_PER_MODEL", PER_MODEL, "off", "`points` also writes a point per model behind a call."
    )

    topic_model: str = knob(
        "TOPIC_MODEL",
        BLANK_TEXT,
        "./topic_model",
        "BERTopic model, a folder or a Hugging Face name; empty: no topics.",
    )
    topic_embeddings_model: str = knob(
        "TOPIC_EMBEDDINGS_MODEL",
        TEXT,
        "",
        "Model that embeds texts; unset: the one named by the topic model.",
    )
    topic_device: str = knob(
        "TOPIC_DEVICE", DEVICE, "auto", "Where embeddings are computed; a GPU needs `--pool=solo`."
    )
    topic_encoder: str = knob(
        "TOPIC_ENCODER",
        one_of("auto", "light", "static"),
        "auto",
        "`light` reads all texts by the multilingual model alone: no torch, more a second; `static` reads"
        " English by a table, thousands a second and less exactly, all else by the multilingual model.",
    )
    model_rates: str = knob(
        "MODEL_RATES", RATES, "{}", "Prices of models, for log lines that DIAL Core has not priced itself."
    )
    prices_file: Path | None = knob(
        "PRICES_FILE",
        PATH,
        None,
        "Prices per million tokens, JSON or YAML, watched; asked after MODEL_RATES.",
    )
    price_match: str = knob(
        "PRICE_MATCH",
        one_of(*PrefixMode),
        PrefixMode.BOUNDARY.value,
        "Whether a listed name also stands for its versions only, or for whatever begins with it.",
    )
    price_catalog: str = knob(
        "PRICE_CATALOG",
        one_of("none", "genai-prices"),
        "none",
        "A list of prices that others maintain, asked last.",
    )

    max_attempts: int = knob(
        "MAX_ATTEMPTS", whole(1, 1000), 5, "After so many failed attempts a parcel becomes a dead letter."
    )
    lease_seconds: float = knob(
        "LEASE_SECONDS", seconds(1, 3600), 10.0, "A parcel of a dead worker is taken up again after this."
    )
    patience_seconds: float = knob(
        "PATIENCE_SECONDS", seconds(0.1, 3600), 5.0, "A parcel whose wake-up got lost is woken after this."
    )
    dead_letter_payload: str = knob(
        "DEAD_LETTER_PAYLOAD",
        one_of(FULL, NO_BODIES, NONE),
        FULL,
        "How much of a dead letter is kept; only `full` can be replayed.",
    )
    dead_letter_ttl_days: float = knob(
        "DEAD_LETTER_TTL_DAYS",
        number("days", 0, 3650),
        0.0,
        "A dead letter is forgotten after this; 0: never.",
    )
    unreadable_brake: float = knob(
        "UNREADABLE_BRAKE",
        number("", 0, 1),
        0.5,
        "If this share of a batch is unreadable, it becomes one dead letter; 0: never.",
    )
    parcel_records: int = knob(
        "PARCEL_RECORDS", whole(1, 10_000), 200, "Most log lines in one parcel; larger batches are split."
    )
    max_body_bytes: int = knob(
        "MAX_BODY_BYTES", whole(1024, 4096 * MIB), 128 * MIB, "Largest request body; more is answered 413."
    )
    max_unpacked_bytes: int = knob(
        "MAX_UNPACKED_BYTES", whole(1024, 16_384 * MIB), 512 * MIB, "Largest request body once unpacked."
    )

    max_backlog_parcels: int = knob(
        "MAX_BACKLOG_PARCELS",
        whole(0, 10**9),
        100_000,
        "With so many parcels waiting, `/data` answers 429; 0: never.",
    )
    max_backlog_age_s: float = knob(
        "MAX_BACKLOG_AGE_SECONDS",
        seconds(0, 604_800),
        86_400.0,
        "With a parcel waiting for so long, `/data` answers 429; 0: never.",
    )

    ingest_tokens: tuple[str, ...] = knob(
        "INGEST_TOKENS", TOKENS, (), "Any of these opens `/data`; unset: nothing is asked.", secret=True
    )
    read_tokens: tuple[str, ...] = knob(
        "READ_TOKENS",
        TOKENS,
        (),
        "Any of these opens all that is read; unset: nothing is asked.",
        secret=True,
    )
    allow_anonymous: bool = knob(
        "ALLOW_ANONYMOUS", FLAG, default=False, help="Let other machines in without tokens, too."
    )
    host: str = knob("HOST", TEXT, "127.0.0.1", "Address that the API listens on.")
    port: int = knob("PORT", whole(1, 65_535), 5001, "Port that the API listens on.")
    api_workers: int = knob("API_WORKERS", whole(1, 64), 2, "Processes of the API.")
    request_timeout_s: float = knob(
        "REQUEST_TIMEOUT_SECONDS",
        seconds(0.1, 3600),
        60.0,
        "A request that arrives more slowly is answered 408.",
    )
    timeout_keep_alive: int = knob(
        "TIMEOUT_KEEP_ALIVE", whole(0, 3600), 5, "Seconds that an idle HTTP connection is kept open."
    )

    proxy_upstream_url: str | None = proxy_knobs.UPSTREAM_URL
    proxy_upstream_key: str = proxy_knobs.UPSTREAM_KEY
    proxy_upstreams: str = proxy_knobs.UPSTREAMS
    proxy_tokens: tuple[str, ...] = proxy_knobs.PROXY_TOKENS
    proxy_ca_file: Path | None = proxy_knobs.CA_FILE
    proxy_port: int = proxy_knobs.PORT
    proxy_workers: int = proxy_knobs.WORKERS
    proxy_connect_timeout_s: float = proxy_knobs.CONNECT_TIMEOUT
    proxy_read_timeout_s: float = proxy_knobs.READ_TIMEOUT
    proxy_record_bytes: int = proxy_knobs.RECORD_BYTES
    proxy_spool_bytes: int = proxy_knobs.SPOOL_BYTES
    proxy_headers: str = proxy_knobs.HEADER_NAMES
    proxy_hash_key: str = proxy_knobs.HASH_KEY
    proxy_hash_users: bool = proxy_knobs.HASH_USERS
    proxy_include_usage: bool = proxy_knobs.INCLUDE_USAGE

    log_level: str = knob("LOG_LEVEL", LEVELS, "INFO", "Level of our own log lines.")
    log_format: str = knob("DIAL_SDK_LOG_FORMAT", one_of("text", "json"), "text", "Form of the log lines.")
    text_log_format: str = knob(
        "DIAL_SDK_TEXT_LOG_FORMAT", TEXT_FORMAT, TEXT_LOG, "Format of a line with DIAL_SDK_LOG_FORMAT=text."
    )
    json_log_format: str = knob(
        "DIAL_SDK_JSON_LOG_FORMAT", JSON_FORMAT, JSON_LOG, "Template of a line with DIAL_SDK_LOG_FORMAT=json."
    )
    otel_logs_exporter: str = knob("OTEL_LOGS_EXPORTER", NO_EXPORTER, "none", "Exporter of our logs.")
    otel_traces_exporter: str = knob("OTEL_TRACES_EXPORTER", NO_EXPORTER, "none", "Exporter of our traces.")
    otel_metrics_exporter: str = knob(
        "OTEL_METRICS_EXPORTER", NO_EXPORTER, "none", "Exporter of our metrics."
    )

    telemetry_config: str | None = otel_knobs.CONFIG
    telemetry_application: str = otel_knobs.APPLICATION
    telemetry_environment: str = otel_knobs.ENVIRONMENT
    telemetry_currency: str = otel_knobs.CURRENCY
    telemetry_endpoint: str | None = otel_knobs.ENDPOINT
    telemetry_costs: bool | None = otel_knobs.COSTS
    telemetry_prompt: bool | None = otel_knobs.PROMPT
    telemetry_completion: bool | None = otel_knobs.COMPLETION
    telemetry_capture: str | None = otel_knobs.CAPTURE
    telemetry_content_chars: int = otel_knobs.CONTENT_CHARS
    telemetry_redact: str = otel_knobs.REDACT
    telemetry_metrics_s: float = otel_knobs.METRICS_EVERY
    otlp_endpoint: str | None = otel_knobs.OTLP_ENDPOINT
    otlp_traces_endpoint: str | None = otel_knobs.OTLP_TRACES_ENDPOINT
    otlp_metrics_endpoint: str | None = otel_knobs.OTLP_METRICS_ENDPOINT
    otlp_headers: str = otel_knobs.OTLP_HEADERS
    otlp_protocol: str = otel_knobs.OTLP_PROTOCOL

    @classmethod
    def from_env(cls, environ: Mapping[str, str] | None = None) -> "Settings":
        """Read the environment, or the mapping given; SettingsError tells the first thing that is wrong."""
        declared = {place.name: place.metadata["knob"] for place in fields(cls)}
        secrets = frozenset(one.name for one in declared.values() if one.secret)
        env = Environment(os.environ if environ is None else environ, secrets)
        values: dict[str, Any] = {name: one.read(env) for name, one in declared.items()}
        return otel_knobs.filled(_with_store(_checked(cls(**values))))


def knobs() -> tuple[Knob, ...]:
    """Every setting there is, in the order of the documentation."""
    return tuple(place.metadata["knob"] for place in fields(Settings))


def _checked(settings: Settings) -> Settings:
    """What no variable can tell alone."""
    bucket, database = settings.influx_bucket, settings.influx_database
    places = f"INFLUX_BUCKET={bucket!r}, INFLUX_DATABASE={database!r}"
    if settings.influx_url and bool(bucket) == bool(database):
        raise SettingsError(f"{places}: allowed with INFLUX_URL is exactly one of them")
    if not settings.influx_url and (bucket or database):
        raise SettingsError(f"INFLUX_URL='' with {places}: allowed is a URL, or neither of them")
    if bucket and not settings.influx_org:
        raise SettingsError(
            f"INFLUX_ORG='' with INFLUX_BUCKET={bucket!r}: allowed is the name of the organisation"
        )
    return settings


def _with_store(settings: Settings) -> Settings:
    """Without any other place to write to, there is always the embedded store."""
    if settings.influx_url or settings.sqlite_path:
        return settings
    return replace(settings, sqlite_path=settings.data_dir / "analytics.sqlite")
