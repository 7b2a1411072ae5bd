"""Models of other programs: GPT-2 and Llama in and out, old files in."""

from companion.interop.convert import Entry, Layout, Probe, convert
from companion.interop.folders import export_model, import_model
from companion.interop.hf import (
    config_from_hf,
    config_to_hf,
    family_of,
    state_from_hf,
    state_to_hf,
)

__all__ = [
    "Entry",
    "Layout",
    "Probe",
    "config_from_hf",
    "config_to_hf",
    "convert",
    "export_model",
    "family_of",
    "import_model",
    "state_from_hf",
    "state_to_hf",
]
