"""``build/rival/bin/python presidio.py``: how long Presidio takes for texts, with five entities and no language model.

Reads ``{name: base64}`` on stdin, writes ``{name: CPU seconds}``. It runs in an environment of its own
(requirements/bench.txt), so it imports nothing of ours.
"""

import base64
import json
import logging
import sys
import time

from presidio_analyzer import AnalyzerEngine
from presidio_analyzer.nlp_engine import NoOpNlpEngine

ENTITIES = ["CREDIT_CARD", "IBAN_CODE", "US_SSN", "EMAIL_ADDRESS", "PHONE_NUMBER"]
CHUNK = 16 * 1024
ROUNDS = 3


def once(engine: AnalyzerEngine, text: str) -> float:
    """CPU seconds."""
    began = time.process_time()
    for at in range(0, len(text), CHUNK):
        engine.analyze(text[at : at + CHUNK], language="en", entities=ENTITIES)
    return time.process_time() - began


def main() -> None:
    """Answers."""
    logging.disable(logging.CRITICAL)
    engine = AnalyzerEngine(nlp_engine=NoOpNlpEngine(models=[{"lang_code": "en", "model_name": "none"}]))
    engine.analyze("warm 4111111111111111", language="en", entities=ENTITIES)
    took = {}
    for name, encoded in json.load(sys.stdin).items():
        text = base64.b64decode(encoded).decode("latin-1")
        took[name] = min(once(engine, text) for _ in range(ROUNDS))
    json.dump(took, sys.stdout)


if __name__ == "__main__":
    main()
