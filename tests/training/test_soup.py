import pytest

torch = pytest.importorskip("torch")

from training.soup import soup  # noqa: E402


def test_weights_are_averaged_and_counters_kept() -> None:
    first = {"w": torch.tensor([1.0, 3.0]), "seen": torch.tensor(5)}
    second = {"w": torch.tensor([3.0, 5.0]), "seen": torch.tensor(9)}
    mean = soup([first, second])
    assert mean["w"].tolist() == [2.0, 4.0]
    assert int(mean["seen"]) == 5


def test_other_layers_are_refused() -> None:
    with pytest.raises(KeyError):
        soup([{"w": torch.zeros(1)}, {"v": torch.zeros(1)}])
