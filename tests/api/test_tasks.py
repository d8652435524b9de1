from __future__ import annotations

import pytest

from api.routes.tasks import spoken
from tests.api.conftest import TASK, Organisation


@pytest.mark.parametrize(
    ("accepted", "language"),
    [
        ("ru", "ru"),
        ("ru-RU,en;q=0.5", "ru"),
        ("fr, en;q=0.3, ru;q=0.7", "ru"),
        ("ru;q=0", "en"),
        ("*", "en"),
        ("ru;q=much, en", "en"),
        ("", "en"),
    ],
)
def test_language(accepted: str, language: str) -> None:
    """The language that is liked best is spoken, one that is refused never, and English where none of ours is liked."""
    assert spoken(accepted) == language


def test_candidates_see_what_they_are_asked(ours: Organisation) -> None:
    """A candidate reads the tasks of the own assessment, and of those the parts that are asked, in either language."""
    candidate = ours.candidate()
    assert [task["id"] for task in candidate.get("/tasks").json()["items"]] == [TASK]
    task = candidate.get(f"/tasks/{TASK}", headers={"Accept-Language": "ru"})
    assert task.headers["content-language"] == "ru"
    assert list(task.json()["statements"]) == ["softmax"]
    assert candidate.get("/tasks/q001-perceptron").status_code == 404


def test_drawn_by_level(ours: Organisation) -> None:
    """A draw is repeatable, keeps to sections and level, and asks more of those who are more senior."""
    draw = {"level": "junior", "sections": ["02-activations"], "count": 1, "seed": 3}
    one, two = (ours.admin.post("/assessments/draw", json=draw).json() for _ in range(2))
    assert one == two
    lead = ours.admin.post("/assessments/draw", json={**draw, "level": "lead"}).json()
    assert len(lead["tasks"][0]["parts"]) > len(one["tasks"][0]["parts"]) >= 1
    assert lead["minutes"] > one["minutes"]
    for wrong in ({"sections": ["nowhere"]}, {"count": 50}):
        assert ours.admin.post("/assessments/draw", json={**draw, **wrong}).status_code == 422


def test_spreadsheet(ours: Organisation) -> None:
    """What a candidate is called is no formula in the exported table."""
    assessment = ours.assessment()
    ours.candidate(assessment, name='=HYPERLINK("x")', email=" +1@example.org".strip())
    text = ours.admin.get(f"/assessments/{assessment['id']}/results.csv").text
    assert "'=HYPERLINK" in text
    assert "'+1@example.org" in text
