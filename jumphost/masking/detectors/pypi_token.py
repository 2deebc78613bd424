"""PyPI and TestPyPI tokens: macaroons with a known beginning. https://pypi.org/help/#apitoken"""

from jumphost.masking.detectors.base import fill, token

DETECTOR = token(
    "pypi_token",
    ("pypi-AgEIcHlwaS5vcmc", "pypi-AgENdGVzdC5weXBp"),
    "0-9A-Za-z_-",
    50,
    strong=7,
    examples=(
        b"pypi-AgEIcHlwaS5vcmc" + fill(120),
        b"password = pypi-AgEIcHlwaS5vcmc" + fill(150) + b"\n",
        b"'pypi-AgENdGVzdC5weXBpLm9yZw" + fill(120) + b"'",
        b"TWINE_PASSWORD=pypi-AgEIcHlwaS5vcmc" + fill(90) + b" ",
        b'{"t":"pypi-AgEIcHlwaS5vcmc' + fill(100) + b'"}',
    ),
    near_misses=(
        b"pypi-server",
        b"pypi-AgEIcHlwaS5vcmc" + fill(10),
        b"xpypi-AgEIcHlwaS5vcmc" + fill(60),
        b"pypi-AgE" + fill(60),
        b"pypi-AgEIcHlwaS5vcmc" + b"x" * 60,
    ),
)
