"""Learning together: two processes, or two devices, go the way that one goes with the whole batch."""

import csv
import json
import os
import socket
import subprocess
import sys
import threading
from pathlib import Path

import numpy as np
import pytest

from deepdream_av.errors import UsageError
from training.cluster import Cluster, meet, read_cluster
from training.strategy import Workers

BATCH = 8  # of all together
TWO_DEVICES = """
import sys
import tensorflow as tf
cpu = tf.config.list_physical_devices("CPU")[0]
tf.config.set_logical_device_configuration(cpu, [tf.config.LogicalDeviceConfiguration()] * 2)
from training import cnn
sys.exit(cnn.main(sys.argv[1:]))
"""


def free_addresses(count):
    sockets = [socket.create_server(("127.0.0.1", 0)) for _ in range(count)]
    addresses = [f"127.0.0.1:{s.getsockname()[1]}" for s in sockets]
    for s in sockets:
        s.close()
    return addresses


def config(addresses, index):
    return json.dumps({"cluster": {"worker": addresses}, "task": {"type": "worker", "index": index}})


def weights(path):
    with np.load(path) as file:
        floats = [file[n].ravel() for n in file.files if file[n].dtype == np.float32]
    assert len(floats) > 50
    return np.concatenate(floats)


@pytest.fixture(scope="module")
def runs(tmp_path_factory):
    """`{name: (report, rows of log.csv or None, folder)}` of one process, of two workers and of two devices."""
    import cv2

    top = tmp_path_factory.mktemp("runs")
    rng = np.random.default_rng(0)
    y, x = np.mgrid[:40, :40]
    for k in range(42):
        wave = np.sin((x, y, x + y)[k % 3] * 2 * np.pi / rng.uniform(6, 12)) * 0.5 + 0.5
        path = top / "data" / "xyz"[k % 3] / f"{k}.png"
        path.parent.mkdir(parents=True, exist_ok=True)
        cv2.imwrite(str(path), (wave[..., None] * rng.uniform(80, 255, 3)).astype(np.uint8))

    def start(name, head, strategy="", told=None):
        argv = ["--data", top / "data", "--cache", top / f"cache_{name[:-1]}", "-o", top / f"{name}.keras",
                "--size", 32, "--epochs", 2, "--batch", BATCH, "--width", 0.34, "--precision", "float32",
                "--strategy", strategy, "-q"]  # fmt: skip
        env = {**os.environ, "CUDA_VISIBLE_DEVICES": "", **({"TF_CONFIG": told} if told else {})}
        command = [sys.executable, *head, *map(str, argv)]
        root = Path(__file__).parents[2]
        return subprocess.Popen(
            command, cwd=root, env=env, text=True, stdout=subprocess.PIPE, stderr=subprocess.PIPE
        )

    module, addresses = ["-m", "training.cnn"], free_addresses(2)
    started = {"alone": start("alone", module), "devices": start("devices", ["-c", TWO_DEVICES], "mirrored")}
    for k in (0, 1):
        started[f"worker{k}"] = start(f"worker{k}", module, "multiworker", config(addresses, k))
    found = {}
    try:
        for name, process in started.items():
            out, err = process.communicate(timeout=300)
            assert process.returncode == 0, f"{name}: {err[-2000:]}"
            folder = top / f"{name}.run"
            log = folder / "log.csv"
            rows = list(csv.DictReader(log.open())) if log.exists() else None
            found[name] = json.loads(out.splitlines()[-1]), rows, folder
    finally:
        for process in started.values():
            process.kill()
    return found


@pytest.mark.parametrize("name", ["worker0", "devices"])
def test_together_they_go_the_way_of_one(runs, name):
    """With batch norms, a dropout and random changes: each is that of the whole batch."""
    alone, together = runs["alone"][1], runs[name][1]
    assert len(alone) == len(together) == 2
    for a, b in zip(alone, together):
        for key in ("loss", "val_loss", "accuracy", "val_accuracy"):
            assert float(b[key]) == pytest.approx(float(a[key]), rel=1e-3), key
    assert alone[0]["loss"] != alone[1]["loss"]
    # a weight whose gradient is next to nothing may go either way under Adam, so they are compared as a whole
    a, b = (weights(runs[n][2] / "best.npz") for n in ("alone", name))
    assert np.linalg.norm(a - b) < 1e-3 * np.linalg.norm(a)


def test_only_the_chief_writes_and_all_end_alike(runs):
    (first, _, _), (second, rows, folder) = runs["worker0"], runs["worker1"]
    assert rows is None and not list(folder.iterdir())
    assert not folder.with_suffix(".keras").exists() and runs["worker0"][2].with_suffix(".keras").exists()
    assert first["accuracy"] == second["accuracy"] == runs["alone"][0]["accuracy"]
    assert first["epochs"] == second["epochs"] == 2


def test_a_run_begun_alone_goes_on_together(tmp_path):
    import keras

    from training.datasets.labelled import Labelled
    from training.fitting import Fitter, Plan, Stage

    rng = np.random.default_rng(0)
    x, y = rng.integers(0, 256, [24, 8, 8, 3]).astype(np.uint8), (np.arange(24) % 2).astype(np.int32)
    data = Labelled("noise", "image", ("a", "b"), x[:16], y[:16], x[16:], y[16:])
    plan = Plan((Stage("all", lambda layer: True, 3, 1e-2),), batch=4)

    def fitter(work, name=""):
        workers = Workers(name)
        keras.utils.set_random_seed(1)
        with workers.scope():
            picture = keras.Input((None, None, 3))
            z = keras.layers.BatchNormalization()(keras.layers.Conv2D(4, 3)(picture))
            z = keras.layers.Dropout(0.3)(keras.layers.GlobalAveragePooling2D()(z))
            model = keras.Model(picture, keras.layers.Dense(2)(z))
        return Fitter(model, data, plan, work=tmp_path / work, workers=workers, quiet=True)

    wanted = fitter("whole").run()
    first = fitter("cut")
    keep = first.keep

    def once(entry):
        keep(entry)
        raise KeyboardInterrupt

    first.keep = once
    with pytest.raises(KeyboardInterrupt):
        first.run()
    again = fitter("cut", "mirrored")
    with again.workers.scope():
        found = again.run()
    assert [h["epoch"] for h in found] == [1, 2, 3]
    for a, b in zip(wanted, found):
        assert b["loss"] == pytest.approx(a["loss"], rel=1e-4)
        assert b["val_loss"] == pytest.approx(a["val_loss"], rel=1e-4)


@pytest.mark.parametrize(
    "text, said",
    [
        (None, "who the workers are"),
        ("{", "must be JSON"),
        ("[]", 'under "cluster"'),
        ('{"cluster": {"worker": []}}', 'under "cluster"'),
        ('{"cluster": {"worker": ["a"]}, "task": {"type": "worker", "index": 0}}', "host:port"),
        ('{"cluster": {"worker": ["a:70000"]}, "task": {"type": "worker", "index": 0}}', "host:port"),
        ('{"cluster": {"worker": ["a:1"]}, "task": {"type": "worker", "index": 1}}', '"task"'),
        ('{"cluster": {"worker": ["a:1"]}, "task": {"type": "ps", "index": 0}}', '"task"'),
        ('{"cluster": {"worker": ["a:1"]}}', '"task"'),
    ],
)
def test_a_wrong_cluster_is_one_line_with_a_right_one(text, said):
    with pytest.raises(UsageError) as caught:
        read_cluster(text)
    line = str(caught.value)
    assert said in line and "\n" not in line
    example = line[line.index("'{") + 1 : line.index("}'. Received") + 1]
    assert read_cluster(example).size == 2


def test_the_chief_may_have_a_job_of_its_own():
    cluster = {"worker": ["b:1", "c:1"], "chief": ["a:1"]}
    places = [("chief", 0), ("worker", 0), ("worker", 1)]
    found = [
        read_cluster(json.dumps({"cluster": cluster, "task": {"type": t, "index": k}})) for t, k in places
    ]
    assert [c.position for c in found] == [0, 1, 2] and [c.is_chief for c in found] == [True, False, False]
    assert [c.address for c in found] == ["a:1", "b:1", "c:1"]


def test_workers_meet_before_they_go_on():
    addresses = tuple(free_addresses(2))
    said, met = [], []

    def first():
        meet(Cluster(addresses, 0), say=said.append, pause=0.02)
        met.append(0)

    thread = threading.Thread(target=first, daemon=True)
    thread.start()
    thread.join(0.3)
    assert not met and addresses[1] in said[0]
    with socket.create_server(("", int(addresses[1].split(":")[1]))):
        thread.join(5)
        assert met == [0]
        with pytest.raises(UsageError, match="free port"):
            meet(Cluster(addresses, 1))


def test_wrong_wishes_are_one_line(monkeypatch):
    monkeypatch.delenv("TF_CONFIG", raising=False)
    with pytest.raises(UsageError, match="mirrored or multiworker"):
        Workers("horovod")
    with pytest.raises(UsageError, match="TF_CONFIG must say who"):
        Workers("multiworker")
    said = []
    assert Workers("mirrored", say=said.append).count == 1 and "one device" in said[0]


def test_a_batch_is_shared_evenly(monkeypatch):
    monkeypatch.setattr(Workers, "count", 3)
    Workers().check_batch(12)
    with pytest.raises(UsageError, match="multiple of 3.*Received: 13.*--batch 12"):
        Workers().check_batch(13)
