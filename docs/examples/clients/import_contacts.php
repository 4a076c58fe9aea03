<?php

// Import a vCard file into a list, read the list back, and read the quota.
//
// Usage: php import_contacts.php FILE LIST_ID [SKIP|UPDATE|DUPLICATE]
// Environment: QLARA_BASE_URL, QLARA_API_KEY, QLARA_TIMEOUT in seconds (default: 30)
// Needs PHP 8.1 or newer with the curl extension, and no packages.

declare(strict_types=1);

const LONGEST_WAIT = 30; // seconds that we wait for a rate limit before we give up
const UNTOLD_WAIT = 60; // where Retry-After is missing, or is a date
const ATTEMPTS = 5;
const FIRST_PAUSE = 0.5; // seconds before the second attempt; each further pause is twice as long
const PASSING = [502, 503, 504]; // of a gateway, or of a server that starts

/** No whole response in time. An import may have happened; with SKIP it is safe to send it again. */
final class Unavailable extends RuntimeException
{
}

/** The API refused the request and changed nothing. */
class Refused extends RuntimeException
{
    /** @param array<string, string> $fields each field at fault, with what is wrong with it */
    public function __construct(
        public readonly int $status,
        public readonly array $fields,
        public readonly string $requestId,
        public readonly int $retryAfter = 0,
    ) {
        $parts = array_map(fn ($name, $message) => "$name: $message", array_keys($fields), $fields);
        parent::__construct(implode('; ', $parts));
    }
}

/** 400: the file is no vCard file, or a field is not what is expected. */
final class InvalidRequest extends Refused {}
/** 401: the key is missing, unknown or revoked. */
final class InvalidKey extends Refused {}
/** 403: the key may not manage contacts. */
final class NotPermitted extends Refused {}
/** 404: the account has no such list. */
final class UnknownList extends Refused {}
/** 409: the plan has no room for all contacts of the file; none was imported. */
final class QuotaExceeded extends Refused {}
/** 413: split the file, at 10 MB each. */
final class FileTooLarge extends Refused {}
/** 429: try again in $retryAfter seconds. */
final class RateLimited extends Refused {}
/** Any other response: of a proxy, or of a server in trouble. An import may have happened. */
final class UnexpectedResponse extends Refused {}

/** The three calls, on one connection. */
final class Qlara
{
    private const REFUSALS = [
        400 => InvalidRequest::class,
        401 => InvalidKey::class,
        403 => NotPermitted::class,
        404 => UnknownList::class,
        409 => QuotaExceeded::class,
        413 => FileTooLarge::class,
    ];
    private CurlHandle $curl;

    public function __construct(
        private readonly string $baseUrl,
        private readonly string $apiKey,
        private readonly float $timeout = 30,
    ) {
        $this->curl = curl_init();
    }

    /** Import a file into a list that exists; return the report. */
    public function upload(string $path, string $listId, string $strategy = 'SKIP'): array
    {
        $path = realpath($path) ?: throw new InvalidArgumentException("$path: no such file");
        return $this->send('/api/partner-gateway/v1/contacts/upload/vcard', 'summary', [
            'file' => new CURLFile($path, 'text/vcard', basename($path)),
            'listId' => $listId,
            'duplicateStrategy' => $strategy,
        ], $strategy !== 'DUPLICATE');
    }

    /** Yield every contact of a list, page by page. */
    public function contacts(string $listId, int $limit = 100): Generator
    {
        $path = '/api/partner-gateway/v1/contacts/list/' . rawurlencode($listId) . '/contacts';
        $number = 1;
        do {
            $page = $this->send("$path?limit=$limit&page=$number", 'contacts');
            foreach ($page['contacts'] as $contact) {
                yield $contact;
            }
            $number++;
        } while ($page['hasMore']);
    }

    /** Return how many contacts are 'used', of how many in 'total'. */
    public function quota(): array
    {
        return $this->send('/api/v1/partner-gateway/subscription/contacts', 'used');
    }

    /**
     * Send a request, again if that may help and does no harm. A request over the rate limit changed nothing. Of one
     * without a whole response nobody knows: if it is $repeatable, it may be carried out twice.
     */
    private function send(string $path, string $needed, ?array $form = null, bool $repeatable = true): array
    {
        for ($attempt = 1;; $attempt++) {
            try {
                return $this->sendOnce($path, $needed, $form);
            } catch (Refused | Unavailable $error) {
                $pause = self::pauseAfter($error, $attempt, $repeatable);
                if ($attempt === ATTEMPTS || $pause === null) {
                    throw $error;
                }
                usleep((int) ($pause * 1_000_000));
            }
        }
    }

    /** Return how many seconds to wait for the next attempt; null: there is none. */
    private static function pauseAfter(Refused|Unavailable $error, int $attempt, bool $repeatable): ?float
    {
        if ($error instanceof RateLimited) {
            return $error->retryAfter <= LONGEST_WAIT ? $error->retryAfter : null;
        }
        $passes = $error instanceof Unavailable || in_array($error->status, PASSING, true);
        return $passes && $repeatable ? FIRST_PAUSE * 2 ** ($attempt - 1) : null;
    }

    private function sendOnce(string $path, string $needed, ?array $form): array
    {
        $headers = [];
        curl_reset($this->curl);
        curl_setopt_array($this->curl, [
            CURLOPT_URL => rtrim($this->baseUrl, '/') . $path,
            CURLOPT_HTTPHEADER => ["X-Api-Key: $this->apiKey"],
            CURLOPT_RETURNTRANSFER => true,
            CURLOPT_TIMEOUT_MS => (int) ($this->timeout * 1000), // for the whole call, its body included
            CURLOPT_HEADERFUNCTION => function ($curl, string $line) use (&$headers): int {
                [$name, $value] = explode(':', $line, 2) + [1 => ''];
                $headers[strtolower($name)] = trim($value);
                return strlen($line);
            },
        ]);
        if ($form !== null) {
            curl_setopt($this->curl, CURLOPT_POSTFIELDS, $form); // an array makes it a multipart form
        }
        $text = curl_exec($this->curl);
        if ($text === false) { // also half a response, and a time limit that is over
            throw new Unavailable(curl_error($this->curl));
        }
        $status = curl_getinfo($this->curl, CURLINFO_RESPONSE_CODE);
        $requestId = $headers['x-request-id'] ?? 'unknown';
        $body = json_decode($text, true);
        if ($status === 200 && isset($body[$needed])) {
            return $body;
        }
        if ($status === 429) {
            $told = $headers['retry-after'] ?? '';
            $seconds = ctype_digit($told) ? (int) $told : UNTOLD_WAIT;
            throw new RateLimited($status, ['try again in' => "$seconds seconds"], $requestId, $seconds);
        }
        $refusal = self::REFUSALS[$status] ?? null;
        $fields = $body['data'] ?? null;
        if ($refusal === null || !is_array($fields)) {
            throw new UnexpectedResponse($status, ['body' => substr($text, 0, 200)], $requestId);
        }
        throw new $refusal($status, $fields, $requestId);
    }
}

function main(string $path, string $listId, string $strategy = 'SKIP'): void
{
    $qlara = new Qlara(
        getenv('QLARA_BASE_URL') ?: throw new InvalidArgumentException('Set QLARA_BASE_URL.'),
        getenv('QLARA_API_KEY') ?: throw new InvalidArgumentException('Set QLARA_API_KEY.'),
        (float) (getenv('QLARA_TIMEOUT') ?: 30),
    );
    $report = $qlara->upload($path, $listId, $strategy);
    $counts = $report['summary'];
    echo "{$counts['imported']} of {$counts['total']} imported, {$counts['duplicates']} duplicates\n";
    foreach ($report['errors'] as $error) { // cards that were left out; the others are imported
        echo "line {$error['line']}: {$error['name']}: {$error['reason']}\n";
    }
    $names = [];
    foreach ($qlara->contacts($listId) as $contact) {
        $names[] = $contact['name'];
    }
    $last = end($names) ?: 'nobody';
    echo count($names), " contacts in $listId, the last of them $last\n";
    $quota = $qlara->quota();
    echo "{$quota['used']} of {$quota['total']} contacts used\n";
}

if ($argc < 3) {
    fwrite(STDERR, "Usage: php import_contacts.php FILE LIST_ID [SKIP|UPDATE|DUPLICATE]\n");
    exit(1);
}
try {
    main(...array_slice($argv, 1, 3));
} catch (Refused $refused) {
    $kind = $refused::class;
    fwrite(STDERR, "$refused->status $kind: {$refused->getMessage()} (request $refused->requestId)\n");
    exit(1);
} catch (Unavailable $unavailable) {
    fwrite(STDERR, "Unavailable: {$unavailable->getMessage()}\n");
    exit(1);
} catch (InvalidArgumentException $wrong) {
    fwrite(STDERR, "{$wrong->getMessage()}\n");
    exit(1);
}
