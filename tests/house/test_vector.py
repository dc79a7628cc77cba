"""deploy/vector.yaml: batches reach POST /data as the contract wants them, and none is given up."""

from typing import Any

import yaml

from tests.house.tree import service, text

CONFIG: dict[str, Any] = yaml.safe_load(text("deploy/vector.yaml"))
SOURCE: dict[str, Any] = CONFIG["sources"]["dial_log"]
SINK: dict[str, Any] = CONFIG["sinks"]["dial_analytics"]


def test_the_sink_reads_the_source() -> None:
    assert SINK["inputs"] == ["dial_log"]


def test_lines_are_posted_as_json_objects_that_hold_the_message() -> None:
    assert SINK["uri"] == "${DIAL_ANALYTICS_URL}/data"
    assert SINK["encoding"] == {"codec": "json", "only_fields": ["message"]}


def test_a_line_with_three_bodies_of_four_mebibytes_is_not_cut() -> None:
    bodies = 3 * 4 * 1024 * 1024

    assert SOURCE["max_line_bytes"] > 6 * bodies  # \u00XX: six characters for one byte


def test_a_batch_is_acknowledged_only_after_the_api_has_it() -> None:
    assert SINK["acknowledgements"] == {"enabled": True}
    assert SINK["buffer"]["when_full"] == "block"


def test_compose_mounts_the_log_folder_and_the_position_where_the_config_looks() -> None:
    mounts = {
        volume.split(":")[-2 if volume.endswith(":ro") else -1] for volume in service("vector")["volumes"]
    }

    assert {CONFIG["data_dir"], "/etc/vector/vector.yaml"} <= mounts
    assert all(any(path.startswith(f"{mount}/") for mount in mounts) for path in SOURCE["include"])


def test_compose_sets_the_variables_that_the_config_reads() -> None:
    assert {"DIAL_ANALYTICS_URL", "DIAL_ANALYTICS_TOKEN"} <= set(service("vector")["environment"])
