"""The API is what /openapi.json says: schemathesis makes up requests, and looks at the answers."""

from pathlib import Path
from typing import Any

import pytest
import schemathesis
from hypothesis import HealthCheck, given, settings
from schemathesis.specs.openapi.checks import negative_data_rejection

from api.app import create_app
from tests.servers import Valkey
from workers.settings import Settings

pytestmark = pytest.mark.integration

EXAMPLES = 30


def test_every_answer_is_one_that_the_document_promises(own_valkey: Valkey, tmp_path: Path) -> None:
    """Whatever is sent: no 5xx, no status, header or shape that the document does not tell of."""
    app = create_app(Settings.from_env({"REDIS_URL": own_valkey.url, "DATA_DIR": str(tmp_path)}))
    schema: Any = schemathesis.openapi.from_wsgi("/openapi.json", app)
    operations = [found.ok() for found in schema.get_all_operations()]

    assert len(operations) >= 4
    for operation in operations:
        _try(operation, schemathesis.GenerationMode.POSITIVE)
        # Where nothing can be sent, nothing can be sent wrongly.
        if operation.body:
            _try(operation, schemathesis.GenerationMode.NEGATIVE)


def _try(operation: Any, mode: schemathesis.GenerationMode) -> None:
    @settings(max_examples=EXAMPLES, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck))
    @given(case=operation.as_strategy(generation_mode=mode))
    def answers(case: Any) -> None:
        # A bad item is no bad request here: its place in the answer says so.
        case.call_and_validate(excluded_checks=[negative_data_rejection])

    answers()
