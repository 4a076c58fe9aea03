<?php
// The import as a program that uses PHP's curl extension makes it.
[, $base, $folder, $key] = $argv;
$handle = curl_init();

function request(string $url, string $key, ?array $form = null): array
{
    global $handle;
    curl_reset($handle);
    curl_setopt_array($handle, [
        CURLOPT_URL => $url,
        CURLOPT_RETURNTRANSFER => true,
        CURLOPT_HTTPHEADER => ["X-Api-Key: $key"],
    ]);
    if ($form !== null) {
        curl_setopt($handle, CURLOPT_POSTFIELDS, $form);
    }
    $body = curl_exec($handle);
    return [curl_getinfo($handle, CURLINFO_RESPONSE_CODE), $body];
}

function upload(string $name, string $key): int
{
    global $base, $folder;
    $form = [
        "file" => new CURLFile("$folder/$name", "text/vcard", $name),
        "listId" => "list_crm_migration",
        "tags" => "città,q2",
    ];
    return request("$base/api/partner-gateway/v1/contacts/upload/vcard", $key, $form)[0];
}

$list = "$base/api/partner-gateway/v1/contacts/list/list_crm_migration/contacts";
echo upload("Rubrica Città.vcf", $key), "\n";
echo request($list, $key)[0], "\n";
echo upload("no-vcard.vcf", $key), "\n";
echo upload("Rubrica Città.vcf", "unknown"), "\n";
echo upload("Rubrica Città.vcf", "{$key}__quota-exhausted"), "\n";
echo upload("oversized.vcf", $key), "\n";
[$status, $body] = request($list, $key);
$first = json_decode($body, true)["contacts"][0];
echo "$status {$first['name']} {$first['tags'][0]} {$first['tags'][1]}\n";
