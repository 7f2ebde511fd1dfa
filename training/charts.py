"""Pictures of a training: curves and a confusion matrix, drawn with OpenCV."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np

_INK, _PAPER = (40, 40, 40), (255, 255, 255)
_COLOURS = {"loss": (180, 119, 31), "accuracy": (44, 160, 44)}  # blue and green, as OpenCV orders them
_FONT = cv2.FONT_HERSHEY_SIMPLEX


def draw_curves(history: list[dict], path: Path) -> None:
    """Loss and accuracy by epoch, of training (thin) and validation (thick), as a PNG.

    Args:
        history: of `training.fitting.Fitter.run`.
        path: file to write.
    """
    height, width, edge = 360, 480, 50
    sheet = np.full([height, 2 * width, 3], _PAPER, np.uint8)
    for k, name in enumerate(("loss", "accuracy")):
        left = k * width
        curves = {n: [h[n] for h in history] for n in (name, f"val_{name}")}
        low = 0.0
        high = 1.0 if name == "accuracy" else max(1e-6, max(map(max, curves.values())))
        box = (left + edge, edge), (left + width - 15, height - edge)
        cv2.rectangle(sheet, *box, _INK, 1)
        for n, values in curves.items():
            x = np.linspace(box[0][0], box[1][0], max(2, len(values)))[: len(values)]
            y = box[1][1] - (np.array(values) - low) / (high - low) * (box[1][1] - box[0][1])
            line = np.stack([x, y], 1).round().astype(np.int32)
            cv2.polylines(sheet, [line], False, _COLOURS[name], 3 if n.startswith("val") else 1, cv2.LINE_AA)
        _write(sheet, f"{name}: {curves[f'val_{name}'][-1]:.3f} in validation (thick)", (left + edge, 30))
        _write(sheet, f"{high:.2g}", (left + 5, edge + 10))
        _write(sheet, "0", (left + 30, height - edge))
        _write(sheet, f"epochs: {len(history)}", (left + edge, height - 20))
    cv2.imwrite(str(path), sheet)


def draw_confusion(table: np.ndarray, labels: tuple[str, ...], path: Path) -> None:
    """A confusion matrix as a PNG: a row for each true class, a column for each answer.

    Args:
        table: counts, int `[classes, classes]`.
        labels: their names.
        path: file to write.
    """
    cell = max(14, min(44, 900 // len(labels)))
    edge = 170
    sheet = np.full([edge + cell * len(labels) + 10, edge + cell * len(labels) + 10, 3], _PAPER, np.uint8)
    share = table / np.maximum(table.sum(1, keepdims=True), 1)
    for i in range(len(labels)):
        for j in range(len(labels)):
            at = (edge + j * cell, edge + i * cell)
            shade = int(255 * (1 - share[i, j]))
            colour = (shade, 255 - (255 - shade) // 3, shade) if i == j else (shade, shade, 255)
            cv2.rectangle(sheet, at, (at[0] + cell - 2, at[1] + cell - 2), colour, -1)
            if table[i, j] and cell > 24:
                _write(sheet, str(table[i, j]), (at[0] + 5, at[1] + cell // 2 + 5), 0.4)
    names = np.full([edge, sheet.shape[1], 3], _PAPER, np.uint8)
    for k, label in enumerate(labels):
        _write(sheet, label[:18], (8, edge + k * cell + cell // 2 + 5), 0.42)
    # the names of the columns stand upright: written lying, then turned
    lying = np.full([cell * len(labels), edge, 3], _PAPER, np.uint8)
    for k, label in enumerate(labels):
        _write(lying, label[:18], (8, k * cell + cell // 2 + 5), 0.42)
    names[:, edge : edge + cell * len(labels)] = cv2.rotate(lying, cv2.ROTATE_90_COUNTERCLOCKWISE)[:, ::1]
    sheet[:edge] = names
    cv2.imwrite(str(path), sheet)


def confusion(truth: np.ndarray, answers: np.ndarray, classes: int) -> np.ndarray:
    """Counts, int `[classes, classes]`: how often class `i` was called `j`.

    >>> confusion(np.array([0, 0, 1]), np.array([0, 1, 1]), 2).tolist()
    [[1, 1], [0, 1]]
    """
    table = np.zeros([classes, classes], int)
    np.add.at(table, (truth, answers), 1)
    return table


def contact_sheet(pictures: np.ndarray, path: Path, *, columns: int, labels=()) -> None:
    """Pictures side by side, row by row, as a PNG or JPEG.

    Args:
        pictures: uint8 `[n, height, width, 3]`.
        path: file to write.
        columns: pictures in a row.
        labels: a name for each row, written beside it.
    """
    count, height, width, _ = pictures.shape
    rows = -(-count // columns)
    left = 130 if labels else 0
    sheet = np.full([rows * (height + 4), left + columns * (width + 4), 3], _PAPER, np.uint8)
    for k, picture in enumerate(pictures):
        top, at = k // columns * (height + 4), left + k % columns * (width + 4)
        sheet[top : top + height, at : at + width] = picture[..., ::-1]
    for k, label in enumerate(labels):
        _write(sheet, label, (6, k * (height + 4) + height // 2), 0.45)
    cv2.imwrite(str(path), sheet)


def _write(sheet, text, at, size=0.5):
    cv2.putText(sheet, text, at, _FONT, size, _INK, 1, cv2.LINE_AA)
