"""Whether an output says that something went wrong: in English, and in the languages of partners."""

from __future__ import annotations

import re

# Words for what went wrong that the output of a good import has at most with a count of none.
_COUNTED = (
    r"fail(?:ed|s|ures?)?|errors?|exceptions?|reject(?:ed|ions?)|refused|denied|invalid|aborted|cancell?ed|lost|skipped"
    r"|error[ei]|fallit[oaie]|fehler|fehlgeschlagen(?:e|en)?|erreurs?|échecs?|errores|fallos?|erros?"
)
_SAYING = (
    # English
    r"(?-i:[A-Z]\w*(?:Error|Exception))|error|exception|fail(?:s|ed|ures?)|refused|reject(?:ed|ion)|denied|forbidden|unauthori[sz]ed|exceed(?:s|ed)"
    r"|too (?:large|big|many)|invalid|timed?[ -]?out|unavailable|skipp(?:ed|ing)|abort(?:ed)?|cancell?ed|could(?: not|n['’]t)"
    r"|can(?:not|['’]t| not)|unable|unsuccessful(?:ly)?|traceback|fatal|expired|revoked|interrupted|quota"
    r"|not (?:allowed|permitted|imported|accepted|authori[sz]ed|enough|possible|done)"
    r"|nothing (?:was |has been |is )?imported|no (?:room|space)|(?:is|plan|account) full|do(?:es)? not fit"
    # Italian
    r"|errore|fallit[oaie]|fallimento|rifiutat[oaie]|respint[oaie]|negat[oaie]|superat[oaie]|impossibile|scadut[oaie]"
    r"|esaurit[oaie]|annullat[oaie]|interrott[oaie]|non (?:autorizzat|valid|riuscit|consentit|importat|accettat)[oaie]"
    # German
    r"|fehler|\w*fehlgeschlagen|gescheitert|abgelehnt|verweigert|ungültige?[nmrs]?|unzulässig|überschritten|abgebrochen"
    r"|erschöpft|nicht (?:importiert|möglich|erlaubt|berechtigt|genug)|konnten? nicht"
    # French
    r"|erreur|échec|échoué(?:e?s?)|refusée?s?|rejetée?s?|interdite?s?|invalides?|dépassée?s?|impossible|expirée?s?"
    # Spanish and Portuguese
    r"|fall[óo]|falhou|fallid[oa]s?|rechazad[oa]s?|recusad[oa]s?|denegad[oa]s?|inválid[oa]s?|agotad[oa]s?|erro"
    r"|no (?:autorizad|válid|permitid|importad)[oa]s?|no se pud(?:o|ieron)|não foi possível"
)
_TELLS = re.compile(rf"\b(?:{_SAYING})\b", re.IGNORECASE)
_NONE_OF_THEM = re.compile(
    rf"\b(?:0|no|zero|without|nessun[oa]?|keine?|ohne|sans|aucune?|sin|sem|nenhum)['\s]+(?:[\w-]+\s+){{0,2}}?(?:{_COUNTED})\b"
    rf"|\b(?:{_COUNTED})\b[\"']?\s*(?:[:=]\s*)?(?:0\b|none\b|null\b|false\b|\[\]|\"\"|'')",
    re.IGNORECASE,
)


def tells(output: str, when_well: str = "") -> bool:
    """Return whether a line of *output* says that something went wrong, and is none of those *when_well*."""
    usual = {line.strip() for line in when_well.splitlines()}
    lines = (line for line in output.splitlines() if line.strip() not in usual)
    return any(_TELLS.search(_NONE_OF_THEM.sub(" ", line)) for line in lines)
