"""Make a saved model readable for versions of Keras that are older than the one that saved it.

Keras writes every setting of a layer, also those that are not in use, and refuses a setting that it does not know.
"""

import json
import pathlib
import zipfile

NEWER = {"quantization_config", "input_axes", "output_axes"}  # unknown to Keras 3.10, the oldest in environment.yml


def without_newer(settings: dict) -> dict:
    """Return the settings without the newer ones, unless in use, and operations without a name of their own."""
    if settings.get("module", "").startswith("keras.src.ops"):
        settings["config"].pop("name", None)
    return {name: value for name, value in settings.items() if name not in NEWER or value is not None}


def rewrite(path: pathlib.Path) -> None:
    """Take the newer settings that are not in use out of a .keras file, and compress it; the weights stay the same."""
    with zipfile.ZipFile(path) as archive:
        files = [(file, archive.read(file)) for file in archive.infolist()]
    with zipfile.ZipFile(path, "w") as archive:
        for file, content in files:
            if file.filename == "config.json":
                content = json.dumps(json.loads(content, object_hook=without_newer))
            archive.writestr(file, content, zipfile.ZIP_DEFLATED, 9)
