"""Whether an output says that something went wrong, whoever wrote it."""

from __future__ import annotations

import pytest

from qlara_rehearsal.telling import tells

SAYING = [
    "import failed: 409",
    "Nothing was imported.",
    "ERROR the import was not done",
    '{"level":"error","msg":"import"}',
    "Error: the plan is full",
    "java.lang.IllegalStateException: upload",
    "There is no room for 20 contacts.",
    "20 contacts do not fit into the plan",
    "imported 0, failed 20",
    "Skipping the upload: 20 contacts, room for 0",
    "errors: 0, but the file was refused",
    "couldn't import contacts.vcf",
    "Upload unsuccessful.",
    "quota 50000/50000",
    "Importazione non riuscita: chiave non valida",
    "ERRORE: quota superata",
    "Impossibile importare i contatti",
    "Der Import ist fehlgeschlagen: Schlüssel ungültig",
    "Fehler: nicht berechtigt",
    "Échec de l'importation, clé refusée",
    "No se pudo importar: clave no válida",
    "A importação falhou",
]
SILENT = [
    "",
    "done",
    "20 of 20 imported",
    "20 imported, 0 errors, 0 failed",
    '{"imported": 20, "failed": 0, "errors": []}',
    "failed: none",
    '{"imported": 20, "skipped": 0}',
    "no errors",
    "without any failures",
    "Finished with 0 card errors.",
    "error = null",
    "terror and failover",
    "importati 20, errori 0, nessun errore",
    "20 importiert, keine Fehler",
    "aucune erreur",
    "sin errores",
]


@pytest.mark.parametrize("output", SAYING)
def test_an_output_says_that_something_went_wrong(output: str) -> None:
    assert tells(output)


@pytest.mark.parametrize("output", SILENT)
def test_an_output_says_nothing_of_an_error(output: str) -> None:
    assert not tells(output)


def test_what_is_printed_as_well_when_all_goes_well_says_nothing() -> None:
    well = "=== Contact quota ===\n20 imported\n"

    assert not tells("=== Contact quota ===\n0 imported\n", well)
    assert tells("=== Contact quota ===\nimport failed\n", well)
