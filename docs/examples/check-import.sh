#!/usr/bin/env bash
# Checks an import with curl and jq. Run it with: bash check-import.sh
set -euo pipefail

work=$(mktemp -d)
qlara-sandbox serve --port 0 --quiet > "$work/serve.txt" &
server=$!
trap 'kill "$server"; rm -rf "$work"' EXIT
until base=$(grep -som1 'http://127.0.0.1:[0-9]*' "$work/serve.txt"); do
  kill -0 "$server"  # fail if it has exited
  sleep 0.1
done

upload="$base/api/partner-gateway/v1/contacts/upload/vcard"
list="$base/api/partner-gateway/v1/contacts/list/list_crm_migration/contacts"
quota="$base/api/v1/partner-gateway/subscription/contacts"

# equals WHAT EXPECTED FOUND
equals() {
  if [ "$2" != "$3" ]; then
    echo "not ok: $1: expected $2, found $3" >&2
    exit 1
  fi
  echo "ok: $1"
}

# A file whose summary is known beforehand: 50 people, 4 of them twice, 3 with a wrong number.
expected=$(qlara-sandbox vcard generate --contacts 50 --duplicates 4 --invalid-phones 3 -o "$work/people.vcf")

key=sandbox_shell
report=$(curl -sS "$upload" -H "X-Api-Key: $key" -F "file=@$work/people.vcf" \
  -F listId=list_crm_migration -F tags=crm-import)
equals "the import did what the file promised" \
  "$(jq -S .summary <<< "$expected")" \
  "$(jq -S .summary <<< "$report")"

imported=$(jq .summary.imported <<< "$report")
equals "the quota counts them" "$imported" "$(curl -sS "$quota" -H "X-Api-Key: $key" | jq .used)"
equals "every one carries the tag" "$imported" \
  "$(curl -sS "$list?limit=1000" -H "X-Api-Key: $key" | jq '[.contacts[] | select(.tags == ["crm-import"])] | length')"

status=$(curl -sS -o "$work/refused.json" -w '%{http_code}' "$upload" \
  -H "X-Api-Key: sandbox_shell__quota-exhausted" -F "file=@$work/people.vcf" -F listId=list_crm_migration)
equals "a full plan is refused" 409 "$status"
equals "and says so" contacts "$(jq -r '.data | keys[]' "$work/refused.json")"
