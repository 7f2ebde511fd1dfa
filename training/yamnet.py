"""YAMNet as a teacher: what a network that heard two million videos thinks of a sound.

Nothing of it is shipped; `earnet` only learns from its answers.
"""

from __future__ import annotations

import numpy as np

from deepdream_av.errors import WeightsError

RATE = 16000
_FRAMES, _HOP_FRAMES = 96, 48


class Yamnet:
    """Embeddings and class scores of sounds.

    Args:
        model: path of the Keras file, log-mel `[batch, 96, 64]` to 521 scores.
        mel: path of the `.npy` mel matrix, `[257, 64]`.
    """

    def __init__(self, model, mel):
        import keras

        whole = keras.models.load_model(model, safe_mode=True)
        if tuple(whole.input_shape[1:]) != (_FRAMES, 64):
            raise WeightsError(
                f"The teacher must take log-mels [batch, 96, 64]. Received: {whole.input_shape}."
            )
        self._mel = np.load(mel, allow_pickle=False)
        self._model = keras.Model(whole.inputs, [whole.layers[-1].input, whole.outputs[0]])

    def __call__(self, sounds, *, batch: int = 64):
        """Answers for sounds of equal length.

        Args:
            sounds: float32 `[sounds, samples]` at 16 kHz, at least 0.98 s long.

        Returns:
            embeddings float32 `[sounds, 1024]` and scores float32 `[sounds, 521]`, both the mean
            over windows of 0.96 s that overlap by half.
        """
        import tensorflow as tf

        embeddings, scores = [], []
        for start in range(0, len(sounds), batch):
            windows = self._windows(tf.convert_to_tensor(sounds[start : start + batch], tf.float32))
            count = windows.shape[1]
            flat = tf.reshape(windows, [-1, _FRAMES, 64])
            e, s = self._model(flat, training=False)
            embeddings.append(tf.reduce_mean(tf.reshape(e, [-1, count, e.shape[-1]]), 1).numpy())
            scores.append(tf.reduce_mean(tf.reshape(s, [-1, count, s.shape[-1]]), 1).numpy())
        return np.concatenate(embeddings), np.concatenate(scores)

    def _windows(self, sounds):
        import tensorflow as tf

        # 25 ms windows every 10 ms, as YAMNet was trained.
        magnitude = tf.abs(tf.signal.stft(sounds, 400, 160, 512))
        log_mel = tf.math.log(tf.tensordot(magnitude, self._mel, 1) + 0.001)
        return tf.signal.frame(log_mel, _FRAMES, _HOP_FRAMES, axis=1)
