#!/bin/bash
# The import as HTTPie makes it: one process, and so one connection, per request.
base=$1; cd "$2" || exit; key=$3
upload=$base/api/partner-gateway/v1/contacts/upload/vcard
list=$base/api/partner-gateway/v1/contacts/list/list_crm_migration/contacts
send() { "$HTTPIE" --ignore-stdin --print=h --form POST "$upload" "X-Api-Key:$2" "file@$1" listId=list_crm_migration tags=città,q2 | sed -n '1s/HTTP[^ ]* \([0-9]*\).*/\1/p'; }
send 'Rubrica Città.vcf' "$key"
"$HTTPIE" --ignore-stdin --print=h GET "$list" "X-Api-Key:$key" | sed -n '1s/HTTP[^ ]* \([0-9]*\).*/\1/p'
send no-vcard.vcf "$key"
send 'Rubrica Città.vcf' unknown
send 'Rubrica Città.vcf' "${key}__quota-exhausted"
send oversized.vcf "$key"
"$HTTPIE" --ignore-stdin --print=b GET "$list" "X-Api-Key:$key" > last.json
python3 -c 'import json; c = json.load(open("last.json"))["contacts"][0]; print(200, c["name"], *c["tags"])'
