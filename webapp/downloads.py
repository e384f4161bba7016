"""How files that are made for a person are named when they are taken."""

import re
import unicodedata
from urllib.parse import quote

_MOST = 80


def attachment(title: str, suffix: str) -> dict[str, str]:
    """The header of an answer that is to be saved as `title` and `suffix` (".zip"), whatever the title has in it.

    The name is there in plain characters and, where it has others, once more as it is (RFC 6266).
    """
    shown = "".join(each if each.isprintable() and each not in "/\\" else " " for each in title).strip() or "download"
    plain = unicodedata.normalize("NFKD", shown).encode("ascii", "ignore").decode()
    plain = re.sub(r"[^A-Za-z0-9 ._-]+", "_", plain).strip(" ._-")[:_MOST].strip() or "download"
    exact = shown[:_MOST].strip()
    also = "" if exact == plain else f"; filename*=UTF-8''{quote(exact + suffix, safe='')}"
    return {"content-disposition": f'attachment; filename="{plain}{suffix}"{also}'}
