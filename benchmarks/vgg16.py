"""How fast is the loop? `pip install torch; python -m benchmarks.vgg16`

VGG16 to `block4_conv3` at 600x450, 4 octaves of scale 1.8, 10 steps each: our loop against an eager float32 loop in
PyTorch with the same layers, octaves and steps, in turn in the same process, both with random weights (speed does not
depend on them). Prints seconds for each, the least of several runs, and their ratio.
"""

from __future__ import annotations

import argparse
import json
import time

import numpy as np

SIZE, OCTAVES, SCALE, STEPS = (450, 600), 4, 1.8, 10
WIDTHS = ((64, 64), (128, 128), (256, 256, 256), (512, 512, 512))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--runs", type=int, default=3)
    args = parser.parse_args()
    loops = {"deepdream_av": ours()}
    try:
        loops["torch"] = theirs()
    except ImportError:
        print("torch is not installed: only our own loop is timed")
    best = dict.fromkeys(loops, np.inf)
    for loop in loops.values():  # compiles and warms up
        loop()
    for _ in range(args.runs):
        for name, loop in loops.items():
            began = time.perf_counter()
            loop()
            best[name] = min(best[name], time.perf_counter() - began)
    report = {f"{name}_s": round(t, 2) for name, t in best.items()}
    if "torch" in best:
        report["times_faster"] = round(best["torch"] / best["deepdream_av"], 2)
    print(json.dumps(report))


def ours():
    """Our loop, in the precision that it chooses by itself on this machine."""
    import keras

    from deepdream_av import Octaves, Pixels, ascend, layer
    from deepdream_av.backbones import Backbone
    from deepdream_av.backbones.precision import fast_policy, policy
    from deepdream_av.transforms import Jitter

    with policy(fast_policy()):
        model = keras.applications.VGG16(weights=None, include_top=False)
    network = Backbone("vgg16", model, layers=["block4_conv3"], default_layers=[("block4_conv3", 1.0)],
                       preprocess=lambda x: keras.applications.vgg16.preprocess_input(x * 255.0))  # fmt: skip
    picture = np.random.default_rng(0).random((*SIZE, 3), np.float32)

    def loop():
        for _ in ascend(Pixels(picture), network, layer("block4_conv3"), octaves=Octaves(OCTAVES, SCALE),
                        transforms=(Jitter(32),), steps=STEPS, every=STEPS):  # fmt: skip
            pass

    return loop


def theirs():
    """A plain PyTorch loop: frozen network, roll, backward, normalised step, clip."""
    import torch
    import torch.nn.functional as F

    torch.manual_seed(0)
    torch.set_num_threads(torch.get_num_threads())
    layers, width = [], 3
    for block, widths in enumerate(WIDTHS):
        if block:
            layers.append(torch.nn.MaxPool2d(2))
        for out in widths:
            layers += [torch.nn.Conv2d(width, out, 3, padding=1), torch.nn.ReLU()]
            width = out
    network = torch.nn.Sequential(*layers).eval().requires_grad_(False)
    source = torch.rand(1, 3, *SIZE)

    def loop():
        delta = None
        for octave in range(OCTAVES):
            size = [round(s / SCALE ** (OCTAVES - 1 - octave)) for s in SIZE]
            base = F.interpolate(source, size, mode="bilinear", antialias=True)
            delta = torch.zeros_like(base) if delta is None else F.interpolate(delta, size, mode="bicubic")
            for _ in range(STEPS):
                shift = tuple(np.random.randint(-32, 33, 2).tolist())
                x = torch.roll(base + delta, shift, (2, 3)).requires_grad_()
                network(x).square().mean().backward()
                g = torch.roll(x.grad, (-shift[0], -shift[1]), (2, 3))
                delta = torch.clamp(base + delta + 0.01 * g / (g.std() + 1e-8), 0, 1) - base

    return loop


if __name__ == "__main__":
    main()
