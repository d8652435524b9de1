from __future__ import annotations

import pytest

from api.settings import SettingsError, load


@pytest.mark.parametrize(
    ("variable", "value", "said"),
    [
        ("FORWARDPASS_HOST", "0.0.0.0", "FORWARDPASS_PUBLIC_URL=https://"),
        ("FORWARDPASS_HOST", "example.org", "FORWARDPASS_INSECURE=1"),
        ("FORWARDPASS_PORT", "70000", "FORWARDPASS_PORT: "),
        ("FORWARDPASS_PUBLIC_URL", "ftp://example.org", "FORWARDPASS_PUBLIC_URL: "),
        ("DATABASE_URL", "mysql://example.org/x", "DATABASE_URL: only PostgreSQL"),
        ("FORWARDPASS_HEARTBEAT_S", "soon", "FORWARDPASS_HEARTBEAT_S: "),
    ],
)
def test_refused(monkeypatch: pytest.MonkeyPatch, variable: str, value: str, said: str) -> None:
    """What is wrong or not safe is refused with the variable's name and what to do."""
    monkeypatch.setenv(variable, value)
    with pytest.raises(SettingsError, match=said):
        load()


@pytest.mark.parametrize(
    "more",
    [{"FORWARDPASS_INSECURE": "1"}, {"FORWARDPASS_PUBLIC_URL": "https://assess.example.org"}],
)
def test_reached_from_outside(monkeypatch: pytest.MonkeyPatch, more: dict[str, str]) -> None:
    """Behind TLS, or where somebody takes it upon himself, it may listen to all."""
    for name, value in {"FORWARDPASS_HOST": "0.0.0.0", **more}.items():
        monkeypatch.setenv(name, value)
    assert load().host == "0.0.0.0"


def test_secrets_are_not_shown(monkeypatch: pytest.MonkeyPatch) -> None:
    """A password in DATABASE_URL is in no message and no representation."""
    monkeypatch.setenv("DATABASE_URL", "postgresql://u:sesame@h/d")
    assert "sesame" not in repr(load())
    monkeypatch.setenv("DATABASE_URL", "mysql://u:sesame@h/d")
    with pytest.raises(SettingsError) as error:
        load()
    assert "sesame" not in str(error.value)
