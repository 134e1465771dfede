"""What `lam train` refuses, and how it shares time."""

import pytest

from lam_cli.main import main
from zoo.training.recipe import all_recipes


def refused(capsys: pytest.CaptureFixture[str], *arguments: str) -> str:
    with pytest.raises(SystemExit) as ended:
        main(["train", *arguments])
    assert ended.value.code == 2
    return capsys.readouterr().err


def test_faults_are_one_sentence(capsys, tmp_path, monkeypatch):
    monkeypatch.delenv("LAM_TRAINING_DATA", raising=False)
    assert "name one recipe, or give --all" in refused(capsys)
    assert "name one recipe" in refused(capsys, "edsr-c", "--all")
    assert "none named" in refused(capsys, "edsr-c")
    assert "above 0" in refused(capsys, "edsr-c", "--minutes", "0", "--data", str(tmp_path))
    assert "'Set5'" in refused(capsys, "edsr-c", "--data", str(tmp_path), "--test", "Set5=nowhere")
    assert "no recipe 'edzr'" in refused(capsys, "edzr", "--data", str(tmp_path))
    assert "holds no picture" in refused(capsys, "edsr-c", "--data", str(tmp_path), "--states", str(tmp_path))


def test_all_divides_the_time_by_weight(capsys, tmp_path, monkeypatch):
    asked = {}

    def trained(recipe, *, minutes, **rest):
        asked[recipe.id] = (minutes, recipe.seed)
        return tmp_path / f"{recipe.id}.safetensors"

    monkeypatch.setattr("zoo.training.run.train_recipe", trained)
    main(["train", "--all", "--data", str(tmp_path), "--minutes", "60", "--seed", "3"])
    assert asked.keys() == {recipe.id for recipe in all_recipes()}
    assert sum(minutes for minutes, _ in asked.values()) == pytest.approx(60)
    weights = {recipe.id: recipe.weight for recipe in all_recipes()}
    assert asked["edsr-c"][0] / asked["carn-c"][0] == pytest.approx(weights["edsr-c"] / weights["carn-c"])
    assert {seed for _, seed in asked.values()} == {3}
    assert len(capsys.readouterr().out.splitlines()) == len(asked)
