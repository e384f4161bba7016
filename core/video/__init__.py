"""From a file to a `Clip`: decoding with exact times, cutting the window, a constant frame rate."""

from core.video.decode import VideoInfo, probe
from core.video.window import WindowSettings, check_source, load_clip, make_clip

__all__ = ["VideoInfo", "WindowSettings", "check_source", "load_clip", "make_clip", "probe"]
