"""A training that the machine kills: what a restart with BackupAndRestore gives back, and what it does not."""

import json
import os
import shutil
import subprocess
import sys

import keras
import numpy as np
import pytest

from notebook_files import ROOT

KILLED = 3  # the epoch in whose middle the training is killed
EPOCHS = 5

# arguments: the text, the folder to write in, then what to do of "backup", "weights only", "killed"
SCRIPT = f"""
import json, pathlib, sys
import numpy as np
import recipes, utils
from recipes import keras

verses, folder, doing = sys.argv[1], pathlib.Path(sys.argv[2]), sys.argv[3:]
text = utils.load_text(verses)[:4000]
vocabulary = utils.Vocabulary(sorted(set(text)))
train, held_out = utils.split(vocabulary.encode(text))
batches = len(utils.contiguous_batches(train, 4, 16)[0]) // 4


class Diary(keras.callbacks.Callback):
    def on_epoch_end(self, epoch, logs):
        row = [epoch + 1, logs["loss"], logs["val_loss"], float(self.model.optimizer.learning_rate)]
        with open(folder / "diary.txt", "a") as file:
            print(json.dumps(row), file=file)


class WeightsOnly(keras.callbacks.Callback):
    def on_train_begin(self, logs=None):
        self.model.set_weights(keras.models.load_model(folder / "last.keras").get_weights())


class Wait(keras.callbacks.Callback):
    def on_epoch_begin(self, epoch, logs=None):
        self.epoch = epoch + 1

    def on_train_batch_end(self, batch, logs=None):
        if (self.epoch, batch) == ({KILLED}, batches // 2):
            print("in the middle", flush=True)
            sys.stdin.read()


callbacks = [Diary(), keras.callbacks.ModelCheckpoint(folder / "last.keras")]
callbacks += [keras.callbacks.BackupAndRestore(folder / "backup")] if "backup" in doing else []
callbacks += [WeightsOnly()] if "weights only" in doing else []
callbacks += [Wait()] if "killed" in doing else []
model = recipes.train_streams(
    train,
    held_out,
    len(vocabulary),
    epochs={EPOCHS},
    callbacks=callbacks,
    units=16,
    rate=keras.optimizers.schedules.CosineDecay(0.01, {EPOCHS} * batches),
    layers=2,
    batch_size=4,
    length=16,
    initial_epoch={KILLED - 1} if "weights only" in doing else 0,
)
np.savez(folder / "end.npz", *model.get_weights(), *[variable.numpy() for variable in model.optimizer.variables])
"""


def start(folder, *doing: str) -> subprocess.Popen:
    """Train in a process of its own; it writes its diary, checkpoint and last weights into `folder`."""
    environment = os.environ | {"PYTHONPATH": os.pathsep.join(map(str, [ROOT, ROOT / "tools"]))}
    command = [sys.executable, "-c", SCRIPT, ROOT / "assets" / "texts" / "verses.txt", folder, *doing]
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "text": True}
    return subprocess.Popen(command, env=environment, **pipes)


def diary(folder) -> list[list[float]]:
    """Rows of epoch, training loss, held-out loss and learning rate, one for each epoch that came to its end."""
    return [json.loads(line) for line in (folder / "diary.txt").read_text().splitlines()]


def equal_ends(one, other) -> bool:
    """Are all weights, and all that the optimiser keeps, bit-equal at the ends of two trainings?"""
    one, other = np.load(one / "end.npz"), np.load(other / "end.npz")
    assert one.files == other.files
    return all(np.array_equal(one[name], other[name]) for name in one.files)


@pytest.fixture(scope="module")
def trained(tmp_path_factory):
    """Folders of trainings: `whole` was never killed, the others are different restarts of the one that was."""
    if os.name == "nt":
        pytest.skip("Windows has no SIGKILL")
    folder = tmp_path_factory.mktemp("trained")
    for name in ("whole", "killed"):
        (folder / name).mkdir()
    whole, killed = start(folder / "whole"), start(folder / "killed", "backup", "killed")
    assert killed.stdout.readline() == "in the middle\n"
    killed.kill()  # SIGKILL: no exception, no `finally`, no last words
    killed.communicate()
    assert killed.returncode == -9
    restarts = {"resumed": ["backup"], "weights alone": ["weights only"]}
    for name in restarts:
        shutil.copytree(folder / "killed", folder / name)
    processes = [whole] + [start(folder / name, *doing) for name, doing in restarts.items()]
    for process in processes:
        process.communicate()
    assert [process.returncode for process in processes] == [0] * len(processes)
    return folder


@pytest.mark.slow
def test_kill_falls_into_an_epoch(trained):
    """The killed training had finished two epochs, and its backup says so."""
    assert diary(trained / "killed") == diary(trained / "whole")[: KILLED - 1]
    backup = json.loads((trained / "killed" / "backup" / "training_metadata.json").read_text())
    assert backup["epoch"] == KILLED - 1


@pytest.mark.slow
def test_resumed_training_ends_as_if_never_killed(trained):
    """Only the unfinished epochs run; held-out losses, learning rates, weights and optimiser are bit-equal."""
    assert diary(trained / "resumed") == diary(trained / "whole")
    assert [row[0] for row in diary(trained / "resumed")] == list(range(1, EPOCHS + 1))
    assert equal_ends(trained / "resumed", trained / "whole")


@pytest.mark.slow
def test_backup_leaves_once_training_is_done(trained):
    """Running the cell again then trains from the beginning."""
    assert not (trained / "resumed" / "backup").exists()


@pytest.mark.slow
def test_weights_alone_lose_the_optimiser(trained):
    """A new optimiser starts its schedule anew: the learning rate is too high to the end."""
    whole, alone = diary(trained / "whole"), diary(trained / "weights alone")
    assert [row[0] for row in alone] == [row[0] for row in whole]
    assert [row[3] for row in alone[KILLED - 1 :]] == [row[3] for row in whole[: EPOCHS - KILLED + 1]]
    assert alone[-1][2] != whole[-1][2]


@pytest.mark.parametrize("dropout", [0.0, 0.5])
def test_backup_holds_no_state_of_dropout(dropout, tmp_path):
    """After a restart dropout draws its first random numbers again, and the losses are others."""
    x = np.random.default_rng(0).normal(size=(8, 4)).astype("float32")

    def losses(folder, *stops: int) -> list[float]:
        """The loss of each epoch; at each stop the training goes on from the backup, with all built anew."""
        found = []
        for epochs in stops:
            keras.utils.set_random_seed(0)
            model = keras.Sequential([keras.Input((4,)), keras.layers.Dropout(dropout), keras.layers.Dense(1)])
            model.compile(optimizer="adam", loss="mse")
            backup = keras.callbacks.BackupAndRestore(folder, delete_checkpoint=False)
            run = model.fit(x, x[:, :1], epochs=epochs, shuffle=False, verbose=0, callbacks=[backup])
            found += run.history["loss"]
        return found

    whole, resumed = losses(tmp_path / "whole", 4), losses(tmp_path / "resumed", 2, 4)
    assert [one == other for one, other in zip(whole, resumed, strict=True)] == [True] * 2 + [dropout == 0] * 2


def test_restarted_checkpoint_needs_its_best_loss(tmp_path):
    """ModelCheckpoint forgets the best loss: without the threshold a restart overwrites the better model."""
    x = np.ones((4, 1), "float32")
    model = keras.Sequential([keras.Input((1,)), keras.layers.Dense(1)])
    model.compile(optimizer=keras.optimizers.SGD(0.0), loss="mse")

    def saved_bias(bias: float, threshold: float | None) -> float:
        """Train with this bias, which alone makes the loss; return the bias in the file of the best model."""
        model.set_weights([np.ones((1, 1)), np.array([bias])])
        path = tmp_path / "best.keras"
        best = keras.callbacks.ModelCheckpoint(
            path, monitor="loss", save_best_only=True, initial_value_threshold=threshold
        )
        model.fit(x, x, verbose=0, callbacks=[best])
        return float(keras.models.load_model(path).layers[-1].bias.numpy()[0])

    assert saved_bias(1.0, None) == 1.0
    assert saved_bias(2.0, threshold=1.0) == 1.0
    assert saved_bias(2.0, None) == 2.0


def test_backup_cut_off_needs_the_double(tmp_path):
    """A kill while the backup is written spoils it: with double_checkpoint the one before is taken."""
    x = np.ones((4, 1), "float32")

    def epochs_run(until: int) -> list[int]:
        """Train until this epoch, keep the backups, and return the epochs that ran."""
        model = keras.Sequential([keras.Input((1,)), keras.layers.Dense(1)])
        model.compile(optimizer="adam", loss="mse")
        backup = keras.callbacks.BackupAndRestore(tmp_path / "backup", double_checkpoint=True, delete_checkpoint=False)
        return model.fit(x, x, epochs=until, verbose=0, callbacks=[backup]).epoch

    assert epochs_run(3) == [0, 1, 2]
    weights = tmp_path / "backup" / "latest.weights.h5"
    weights.write_bytes(weights.read_bytes()[: weights.stat().st_size // 2])
    assert epochs_run(4) == [2, 3]
    weights.write_bytes(b"")
    (tmp_path / "backup" / "latest.weights.h5.bkp").unlink()
    with pytest.raises(OSError, match="Unable to synchronously open file"):
        epochs_run(5)
