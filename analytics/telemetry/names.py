"""Which fact stands under which attribute: the names of OpenTelemetry, and those of Dev Proxy's plugin.

Both families are written. Where they would say different things under one name, OpenTelemetry's value stands.
"""

# Of the request: our name -> all attributes that repeat it as it is.
PARAMETERS: dict[str, tuple[str, ...]] = {
    "temperature": ("gen_ai.request.temperature",),
    "top_p": ("gen_ai.request.top_p",),
    "top_k": ("gen_ai.request.top_k",),
    "frequency_penalty": ("gen_ai.request.frequency_penalty",),
    "presence_penalty": ("gen_ai.request.presence_penalty",),
    "max_tokens": ("gen_ai.request.max_tokens",),
    "seed": ("gen_ai.request.seed",),
    "reasoning_level": ("gen_ai.request.reasoning.level",),
    "encoding_format": ("gen_ai.request.embedding_format",),
    "dimensions": ("gen_ai.request.embedding_dimension",),
    "image_size": ("gen_ai.request.image_size",),
    "image_quality": ("gen_ai.request.image_quality",),
    "image_style": ("gen_ai.request.image_style",),
    "audio_voice": ("gen_ai.request.audio_voice",),
    "audio_speed": ("gen_ai.request.audio_speed",),
    "audio_language": ("ai.request.audio.language",),
    "training_file": ("gen_ai.request.training_file",),
    "validation_file": ("gen_ai.request.validation_file",),
    "batch_size": ("gen_ai.request.fine_tune_batch_size",),
    "learning_rate_multiplier": ("gen_ai.request.learning_rate_multiplier",),
    "n_epochs": ("gen_ai.request.fine_tune_n_epochs",),
    "suffix": ("gen_ai.request.fine_tune_model_suffix",),
    "previous_response_id": ("gen_ai.request.previous_response.id", "ai.request.previous_response_id"),
}
ANSWERED = {
    "service_tier": "openai.response.service_tier",
    "system_fingerprint": "openai.response.system_fingerprint",
    "fine_tuned_model": "ai.response.fine_tuned_model",
    "image_count": "ai.response.image.count",
}
# OpenAI's dotted name -> the plugin's word for it.
TYPES = {
    "chat.completions": "chat",
    "messages": "chat",
    "responses": "chat",
    "completions": "completion",
    "embeddings": "embedding",
    "images.generations": "image",
    "audio.transcriptions": "audio",
    "audio.speech": "audio",
    "fine_tuning.jobs": "fine_tuning",
}
API_TYPES = {"chat.completions": "chat_completions", "responses": "responses"}
# What comes out, where it is not what the request's response_format says.
OUTPUTS = {"images.generations": "image", "audio.speech": "speech"}
FORMATS = {"text": "text", "json_object": "json", "json_schema": "json"}
AUDIO = frozenset({"audio.transcriptions", "audio.speech"})
