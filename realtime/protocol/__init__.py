"""The Centrifuge client protocol without I/O: frames, codecs, codes and the session."""
