"""Films: reading and writing, streamed, with exact timestamps.

Both ends are re-exported here; see `video_reader` and `video_writer`.
"""

from deepdream_av.media.video_reader import FilmReader, Frame, open_film
from deepdream_av.media.video_writer import SUFFIXES, FilmWriter, SoundFormat, check_suffix

__all__ = ["SUFFIXES", "FilmReader", "FilmWriter", "Frame", "SoundFormat", "check_suffix", "open_film"]
