# The import as a program that uses Ruby's Net::HTTP makes it.
require "json"
require "net/http"

base, FOLDER, KEY = ARGV
uri = URI(base)
UPLOAD = "/api/partner-gateway/v1/contacts/upload/vcard"
LIST = "/api/partner-gateway/v1/contacts/list/list_crm_migration/contacts"

def upload(http, name, key = KEY)
  request = Net::HTTP::Post.new(UPLOAD, "X-Api-Key" => key)
  File.open(File.join(FOLDER, name), "rb") do |file|
    form = [
      ["file", file, { filename: name, content_type: "text/vcard" }],
      ["listId", "list_crm_migration"],
      ["tags", "città,q2"]
    ]
    request.set_form(form, "multipart/form-data")
    http.request(request).code
  end
end

Net::HTTP.start(uri.host, uri.port) do |http|
  http.max_retries = 0
  puts upload(http, "Rubrica Città.vcf")
  puts http.get(LIST, "X-Api-Key" => KEY).code
  puts upload(http, "no-vcard.vcf")
  puts upload(http, "Rubrica Città.vcf", "unknown")
  puts upload(http, "Rubrica Città.vcf", "#{KEY}__quota-exhausted")
  puts upload(http, "oversized.vcf")
  last = http.get(LIST, "X-Api-Key" => KEY)
  first = JSON.parse(last.body.force_encoding("UTF-8"))["contacts"][0]
  puts "#{last.code} #{first["name"]} #{first["tags"].join(" ")}"
end
