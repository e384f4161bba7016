"""Put the policy of a finished training among those that ship, with entries in the manifest.

    python tools/ship_policy.py runs/walk-policy walk

The folder is one that `understudy train` wrote for a clip of DeepMimic's.
"""

import argparse
import sys
from pathlib import Path

if __package__ in (None, ""):
    sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from core.imitation.references import clip_names
from core.imitation.shipped import ship
from tools.asset_manifest import add

ORIGIN = "trained by this project on the clip {clip} of pybullet_data (see NOTICE)"


def main() -> None:
    """Copy, measure, note."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("training", type=Path)
    parser.add_argument("clip", choices=clip_names())
    options = parser.parse_args()
    for name in ship(options.training, options.clip):
        entry = add(name, "Apache-2.0", ORIGIN.format(clip=options.clip), "tools/ship_policy.py")
        print(f"{name}: {entry['bytes']:,} bytes")


if __name__ == "__main__":
    main()
