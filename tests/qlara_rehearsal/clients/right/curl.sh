# A script around curl that decides by the status what to do. Right in: all.
set -u
gateway="$QLARA_BASE_URL/api/partner-gateway/v1/contacts"
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

# Send a request up to five times: after 429, 5xx and broken connections, with pauses that grow.
request() {
  local pause=0.3 status told
  for _ in 1 2 3 4 5; do
    status=$(curl -sS --max-time 30 -D "$work/head" -o "$work/body" -w '%{http_code}' \
      -H "X-Api-Key: $QLARA_API_KEY" "$@" 2> "$work/error") || status=000
    case $status in
      200) return 0 ;;
      000 | 429 | 5??) ;;
      *) break ;;
    esac
    told=$(tr -d '\r' < "$work/head" | sed -n 's/^[Rr]etry-[Aa]fter: *//p')
    sleep "${told:-$pause}"
    pause=$(awk "BEGIN { print $pause * 2 }")
    : > "$work/head"
  done
  echo "import failed: $status $(head -c 300 "$work/body" 2> /dev/null) $(cat "$work/error")" >&2
  exit 1
}

value() { python3 -c "import json, sys; print(json.load(open(sys.argv[1]))$1)" "$work/body"; }

if [ -n "$QLARA_LIST_NAME" ]; then where="listName=$QLARA_LIST_NAME"; else where="listId=$QLARA_LIST_ID"; fi
request "$gateway/upload/vcard" -F "file=@$QLARA_FILE;type=text/vcard" --form-string "$where" \
  --form-string "duplicateStrategy=$QLARA_STRATEGY"
list=$(value '["listId"]')
errors=$(value '["summary"]["errors"]')
value '["summary"]'

number=1
request "$gateway/list/$list/contacts?page=$number&limit=50"
while [ "$(value '["hasMore"]')" = True ]; do
  number=$((number + 1))
  request "$gateway/list/$list/contacts?page=$number&limit=50"
done
[ "$errors" = 0 ] || { echo "$errors cards were left out" >&2; exit 4; }
