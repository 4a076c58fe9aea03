#!/usr/bin/env bash
set -euo pipefail
HOST=https://lora-api.agiletelecom.com

# the list is empty at first
curl -s "$HOST/api/v1/partner-gateway/subscription/contacts" \
  -H "X-Api-Key: YOUR_API_KEY"
# Response:
# {
#   "used": 0,
#   "total": 50000
# }

for file in contacts-export outlook-contacts; do
  curl -s "$HOST/api/partner-gateway/v1/contacts/upload/vcard" -H "X-Api-Key: YOUR_API_KEY" \
    -F "file=@$file.vcf" -F "listId=list_crm_migration" | jq .summary
done
# {"total": 250, "imported": 230, "duplicates": 15, "errors": 5, "skipped": 20}
# {"total": 12, "imported": 10, "duplicates": 1, "errors": 1, "skipped": 2}
