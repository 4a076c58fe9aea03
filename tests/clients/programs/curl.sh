#!/bin/bash
# The import as curl makes it: several transfers of one command share its connections.
base=$1; cd "$2" || exit; key=$3
upload=$base/api/partner-gateway/v1/contacts/upload/vcard
list=$base/api/partner-gateway/v1/contacts/list/list_crm_migration/contacts
common=(-sS -o /dev/null -w '%{http_code}\n')
form=(-F listId=list_crm_migration -F 'tags=città,q2')
curl "${common[@]}" -H "X-Api-Key: $key" -F 'file=@Rubrica Città.vcf' "${form[@]}" "$upload" \
  --next "${common[@]}" -H "X-Api-Key: $key" "$list" \
  --next "${common[@]}" -H "X-Api-Key: $key" -F 'file=@no-vcard.vcf' "${form[@]}" "$upload" \
  --next "${common[@]}" -H "X-Api-Key: unknown" -F 'file=@Rubrica Città.vcf' "${form[@]}" "$upload" \
  --next "${common[@]}" -H "X-Api-Key: ${key}__quota-exhausted" -F 'file=@Rubrica Città.vcf' "${form[@]}" "$upload" \
  --next "${common[@]}" -H "X-Api-Key: $key" -F 'file=@oversized.vcf' "${form[@]}" "$upload" \
  --next -sS -o last.json -w '%{http_code} ' -H "X-Api-Key: $key" "$list"
python3 -c 'import json; c = json.load(open("last.json"))["contacts"][0]; print(c["name"], *c["tags"])'
