"""Figures that name nobody."""

import pytest
from prometheus_client import REGISTRY

from jumphost import metrics
from jumphost.errors import Code


def value(name: str, **labels: str) -> float:
    return REGISTRY.get_sample_value(name, labels) or 0.0


def test_no_figure_names_a_machine_a_person_or_a_command() -> None:
    labels = {label for made in vars(metrics).values() for label in getattr(made, "_labelnames", ())}
    assert labels == {"outcome", "effect", "code", "engine"}


def test_a_commit_is_measured_though_it_fails() -> None:
    before = value("jumphost_journal_batch_size_sum"), value("jumphost_journal_commit_seconds_count")
    with metrics.commit(3):
        pass
    with pytest.raises(KeyError), metrics.commit(2):
        raise KeyError
    assert value("jumphost_journal_batch_size_sum") - before[0] == 5
    assert value("jumphost_journal_commit_seconds_count") - before[1] == 2


def test_sessions_by_how_they_ended() -> None:
    before = value("jumphost_sessions_total", outcome="failed"), value("jumphost_recording_errors_total")
    metrics.ended("failed", Code.RECORDING_FAILED)
    metrics.ended("failed", "some.rule")
    assert value("jumphost_sessions_total", outcome="failed") - before[0] == 2
    assert value("jumphost_recording_errors_total") - before[1] == 1
