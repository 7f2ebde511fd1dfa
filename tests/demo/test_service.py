"""Dreams of many visitors: stopped soon, ended in time, apart from each other, and nothing left on the disk."""

import threading
import time

import numpy as np
import pytest

from deepdream_av.errors import InputError

pytest.importorskip("gradio", reason="the web app needs gradio")
from demo.limits import Limits  # noqa: E402
from demo.service import Runs  # noqa: E402


@pytest.fixture
def runs(tmp_path):
    return Runs(Limits(budget=30), tmp_path)


def counting(steps, *, pause=0.01, seen=None):
    """Work that gives the number of its last step, also when it is stopped."""

    def work(run):
        done = 0
        try:
            for done in range(1, steps + 1):
                time.sleep(pause)
                if seen is not None:
                    seen.append(done)
                run.progress(done, steps)
        except KeyboardInterrupt:
            pass
        return done

    return work


def last(updates):
    return list(updates)[-1]


def test_progress_rises_and_the_result_comes_last(runs):
    updates = list(runs.watch(counting(100), session="a", place="p"))
    shares = [u.share for u in updates if u.share is not None]
    assert shares == sorted(shares) and shares[-1] == 1.0
    assert [u.finished for u in updates] == [False] * (len(updates) - 1) + [True]
    assert updates[-1].result == 100 and not updates[-1].error


def test_stop_keeps_what_there_is(runs):
    updates = runs.watch(counting(10_000), session="a", place="p")
    next(updates)
    assert not runs.stop("b", "p") and not runs.stop("a", "q")
    began = time.monotonic()
    assert runs.stop("a", "p")
    end = last(updates)
    assert time.monotonic() - began < 2
    assert end.stopped == "stop" and 0 < end.result < 10_000


def test_stop_before_the_start_frees_the_place(runs):
    """And it does not stop the dream after that."""
    runs.asked("a", "p")
    assert runs.stop("a", "p")
    seen = []
    end = last(runs.watch(counting(3, seen=seen), session="a", place="p"))
    assert end.finished and end.result is None and end.stopped == "stop" and not seen
    assert last(runs.watch(counting(3), session="a", place="p")).result == 3


def test_stop_without_anything_does_nothing(runs):
    assert not runs.stop("a", "p")
    assert last(runs.watch(counting(3), session="a", place="p")).result == 3


def test_a_dream_ends_when_its_time_is_over(tmp_path):
    runs = Runs(Limits(budget=1), tmp_path)
    began = time.monotonic()
    end = last(runs.watch(counting(100_000), session="a", place="p"))
    assert end.stopped == "budget" and end.result > 0
    assert 1 <= time.monotonic() - began < 3


def test_a_visitor_who_leaves_stops_his_dream(runs):
    seen = []
    updates = runs.watch(counting(100_000, seen=seen), session="a", place="p")
    while not seen:
        next(updates)
    updates.close()  # what Gradio does when the page is gone
    time.sleep(0.3)
    count = len(seen)
    time.sleep(0.3)
    assert len(seen) == count
    assert last(runs.watch(counting(3), session="b", place="p")).result == 3  # the slot is free


def test_no_more_than_allowed_work_at_once(tmp_path):
    runs = Runs(Limits(concurrent=2), tmp_path)
    lock, now, most = threading.Lock(), [0], [0]

    def work(run):
        with lock:
            now[0] += 1
            most[0] = max(most[0], now[0])
        time.sleep(0.2)
        with lock:
            now[0] -= 1
        return run.folder.name

    results = []
    visitors = [
        threading.Thread(target=lambda k=k: results.append(last(runs.watch(work, session=str(k), place="p")).result))
        for k in range(6)
    ]
    for visitor in visitors:
        visitor.start()
    for visitor in visitors:
        visitor.join()
    assert most[0] == 2
    assert len(set(results)) == 6  # each in a folder of its own


def test_files_are_there_for_the_last_update_and_gone_afterwards(runs):
    def work(run):
        (run.folder / "dream.txt").write_text("done")
        run.preview(lambda: np.full((900, 1200, 3), 0.5, np.float32))
        return run.folder / "dream.txt"

    previews = []
    for update in runs.watch(work, session="a", place="p"):
        previews += [update.preview] if update.preview else []
        if update.finished:
            assert update.result.read_text() == "done"
    assert len(previews) == 1
    assert list(runs.folder.iterdir()) == []


def test_previews_are_small_and_not_too_many(runs):
    import cv2

    drawn = []

    def draw():
        drawn.append(1)
        return np.zeros((1000, 2000, 3), np.float32)

    def work(run):
        for _ in range(50):
            time.sleep(0.02)
            run.preview(draw)
        return True

    sizes = [cv2.imread(u.preview).shape for u in runs.watch(work, session="a", place="p") if u.preview]
    assert 1 <= len(sizes) <= 3 and len(drawn) <= 3
    assert set(sizes) == {(320, 640, 3)}


def test_errors_are_sentences_without_paths(runs):
    def broken(run):
        raise InputError(f"Not a picture that can be read: '{run.folder}/cat.png'.")

    assert last(runs.watch(broken, session="a", place="p")).error == "Not a picture that can be read: 'cat.png'."

    def surprised(run):
        raise ValueError("a secret of /etc/passwd")

    error = last(runs.watch(surprised, session="a", place="p")).error
    assert error and "secret" not in error and "/" not in error
