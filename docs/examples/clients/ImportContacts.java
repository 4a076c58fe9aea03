// Import a vCard file into a list, read the list back, and read the quota.
//
// Usage: java ImportContacts.java FILE LIST_ID [SKIP|UPDATE|DUPLICATE]
// Environment: QLARA_BASE_URL, QLARA_API_KEY, QLARA_TIMEOUT in seconds (default: 30)
// Needs Java 17 or newer, and no dependency. If you have a JSON library, use it in place of the class Json.

import java.io.FileNotFoundException;
import java.io.IOException;
import java.net.URI;
import java.net.URLEncoder;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublisher;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.function.Consumer;
import java.util.stream.Collectors;

public final class ImportContacts {
    enum Strategy { SKIP, UPDATE, DUPLICATE }

    record Summary(int total, int imported, int duplicates, int errors, int skipped) {}

    record CardError(int line, String name, String reason) {}

    record ImportReport(String listId, Summary summary, List<CardError> errors) {}

    record Contact(String contactId, String name, String phoneNumber, String email, List<String> tags) {}

    record Quota(int used, int total) {}

    /** No whole response in time. An import may have happened; with SKIP it is safe to send it again. */
    static final class Unavailable extends Exception {
        Unavailable(String message, Throwable cause) {
            super(message, cause);
        }
    }

    /** The API refused the request and changed nothing. */
    static class Refused extends Exception {
        final int status;
        final Map<String, String> fields; // each field at fault, with what is wrong with it
        final String requestId;

        Refused(HttpResponse<?> response, Map<String, String> fields) {
            super(fields.entrySet().stream()
                .map(field -> field.getKey() + ": " + field.getValue())
                .collect(Collectors.joining("; ")));
            this.status = response.statusCode();
            this.fields = fields;
            this.requestId = response.headers().firstValue("X-Request-Id").orElse("unknown");
        }
    }

    /** 400: the file is no vCard file, or a field is not what is expected. */
    static final class InvalidRequest extends Refused {
        InvalidRequest(HttpResponse<?> response, Map<String, String> fields) { super(response, fields); }
    }

    /** 401: the key is missing, unknown or revoked. */
    static final class InvalidKey extends Refused {
        InvalidKey(HttpResponse<?> response, Map<String, String> fields) { super(response, fields); }
    }

    /** 403: the key may not manage contacts. */
    static final class NotPermitted extends Refused {
        NotPermitted(HttpResponse<?> response, Map<String, String> fields) { super(response, fields); }
    }

    /** 404: the account has no such list. */
    static final class UnknownList extends Refused {
        UnknownList(HttpResponse<?> response, Map<String, String> fields) { super(response, fields); }
    }

    /** 409: the plan has no room for all contacts of the file; none was imported. */
    static final class QuotaExceeded extends Refused {
        QuotaExceeded(HttpResponse<?> response, Map<String, String> fields) { super(response, fields); }
    }

    /** 413: split the file, at 10 MB each. */
    static final class FileTooLarge extends Refused {
        FileTooLarge(HttpResponse<?> response, Map<String, String> fields) { super(response, fields); }
    }

    /** 429: try again in {@code retryAfter} seconds. */
    static final class RateLimited extends Refused {
        final long retryAfter;

        RateLimited(HttpResponse<?> response, long retryAfter) {
            super(response, Map.of("try again in", retryAfter + " seconds"));
            this.retryAfter = retryAfter;
        }
    }

    /** Any other response: of a proxy, or of a server in trouble. An import may have happened. */
    static final class UnexpectedResponse extends Refused {
        UnexpectedResponse(HttpResponse<String> response) {
            super(response, Map.of("body", response.body().substring(0, Math.min(200, response.body().length()))));
        }
    }

    /** The three calls. */
    static final class Qlara {
        private static final long LONGEST_WAIT = 30; // seconds that we wait for a rate limit before we give up
        private static final long UNTOLD_WAIT = 60; // where Retry-After is missing, or is a date
        private static final int ATTEMPTS = 5;
        private static final long FIRST_PAUSE = 500; // ms before the second attempt; each further one is twice as long

        private final HttpClient http = HttpClient.newHttpClient();
        private final String baseUrl;
        private final String apiKey;
        private final Duration timeout;

        Qlara(String baseUrl, String apiKey, Duration timeout) {
            this.baseUrl = baseUrl.replaceAll("/+$", "");
            this.apiKey = apiKey;
            this.timeout = timeout;
        }

        /** Import a file into a list that exists. */
        ImportReport upload(Path file, String listId, Strategy strategy)
                throws IOException, InterruptedException, Refused, Unavailable {
            String boundary = "qlara-" + UUID.randomUUID();
            HttpRequest.Builder request = to("/api/partner-gateway/v1/contacts/upload/vcard")
                .header("Content-Type", "multipart/form-data; boundary=" + boundary)
                .POST(form(boundary, file, Map.of("listId", listId, "duplicateStrategy", strategy.name())));
            Json report = send(request, "summary", strategy != Strategy.DUPLICATE);
            Json counts = report.get("summary");
            return new ImportReport(
                report.get("listId").text(),
                new Summary(counts.get("total").number(), counts.get("imported").number(),
                    counts.get("duplicates").number(), counts.get("errors").number(), counts.get("skipped").number()),
                report.get("errors").items().stream()
                    .map(each -> new CardError(
                        each.get("line").number(), each.get("name").text(), each.get("reason").text()))
                    .toList());
        }

        /** Call {@code visit} with every contact of a list, page by page. */
        void contacts(String listId, Consumer<Contact> visit)
                throws InterruptedException, Refused, Unavailable {
            String id = URLEncoder.encode(listId, StandardCharsets.UTF_8).replace("+", "%20");
            String path = "/api/partner-gateway/v1/contacts/list/" + id + "/contacts?limit=100&page=";
            Json page;
            int number = 1;
            do {
                page = send(to(path + number++), "contacts", true);
                for (Json each : page.get("contacts").items()) {
                    visit.accept(new Contact(each.get("contactId").text(), each.get("name").text(),
                        each.get("phoneNumber").text(), each.get("email").text(), // null where the card had none
                        each.get("tags").items().stream().map(Json::text).toList()));
                }
            } while (page.get("hasMore").isTrue());
        }

        Quota quota() throws InterruptedException, Refused, Unavailable {
            Json quota = send(to("/api/v1/partner-gateway/subscription/contacts"), "used", true);
            return new Quota(quota.get("used").number(), quota.get("total").number());
        }

        /** A form with fields and a file; the file is read as it is sent, and the length is known before. */
        private static BodyPublisher form(String boundary, Path file, Map<String, String> fields)
                throws IOException {
            StringBuilder head = new StringBuilder();
            fields.forEach((name, value) -> head
                .append("--").append(boundary)
                .append("\r\nContent-Disposition: form-data; name=\"").append(name).append("\"\r\n\r\n")
                .append(value).append("\r\n"));
            String fileName = file.getFileName().toString() // escaped as browsers do
                .replace("\r", "%0D").replace("\n", "%0A").replace("\"", "%22");
            head.append("--").append(boundary)
                .append("\r\nContent-Disposition: form-data; name=\"file\"; filename=\"").append(fileName)
                .append("\"\r\nContent-Type: text/vcard\r\n\r\n");
            return BodyPublishers.concat(
                BodyPublishers.ofString(head.toString()),
                BodyPublishers.ofFile(file),
                BodyPublishers.ofString("\r\n--" + boundary + "--\r\n"));
        }

        private HttpRequest.Builder to(String path) {
            return HttpRequest.newBuilder(URI.create(baseUrl + path)).header("X-Api-Key", apiKey);
        }

        /**
         * Send a request, again if that may help and does no harm. A request over the rate limit changed nothing. Of
         * one without a whole response nobody knows: if it is {@code repeatable}, it may be carried out twice.
         */
        private Json send(HttpRequest.Builder request, String needed, boolean repeatable)
                throws InterruptedException, Refused, Unavailable {
            for (int attempt = 1; ; attempt++) {
                try {
                    return sendOnce(request.build(), needed);
                } catch (Refused | Unavailable error) {
                    long pause = pauseAfter(error, attempt, repeatable);
                    if (attempt == ATTEMPTS || pause < 0) {
                        throw error;
                    }
                    TimeUnit.MILLISECONDS.sleep(pause);
                }
            }
        }

        /** How many milliseconds to wait for the next attempt; negative: there is none. */
        private static long pauseAfter(Exception error, int attempt, boolean repeatable) {
            if (error instanceof RateLimited limited) {
                return limited.retryAfter <= LONGEST_WAIT ? limited.retryAfter * 1000 : -1;
            }
            boolean passes = error instanceof Unavailable // 502 to 504: of a gateway, or of a server that starts
                || error instanceof Refused refused && refused.status >= 502 && refused.status <= 504;
            return passes && repeatable ? FIRST_PAUSE << (attempt - 1) : -1;
        }

        private Json sendOnce(HttpRequest request, String needed)
                throws InterruptedException, Refused, Unavailable {
            HttpResponse<String> response;
            // HttpRequest.timeout ends with the head of the response; this time limit is for its body, too.
            var pending = http.sendAsync(request, BodyHandlers.ofString());
            try {
                response = pending.get(timeout.toMillis(), TimeUnit.MILLISECONDS);
            } catch (TimeoutException late) {
                pending.cancel(true);
                throw new Unavailable("no response within " + timeout.toMillis() + " ms", late);
            } catch (ExecutionException failed) { // also half a response
                throw new Unavailable(String.valueOf(failed.getCause()), failed.getCause());
            }
            if (response.statusCode() == 429) {
                throw new RateLimited(response, response.headers().firstValue("Retry-After")
                    .filter(seconds -> seconds.matches("\\d{1,9}")).map(Long::valueOf).orElse(UNTOLD_WAIT));
            }
            Json body;
            try {
                body = Json.read(response.body());
            } catch (IllegalArgumentException unreadable) {
                throw new UnexpectedResponse(response);
            }
            if (response.statusCode() == 200 && body.get(needed).value() != null) {
                return body;
            }
            Map<String, String> fields = new LinkedHashMap<>();
            body.get("data").members().forEach((name, message) -> fields.put(name, message.text()));
            throw switch (response.statusCode()) {
                case 400 -> new InvalidRequest(response, fields);
                case 401 -> new InvalidKey(response, fields);
                case 403 -> new NotPermitted(response, fields);
                case 404 -> new UnknownList(response, fields);
                case 409 -> new QuotaExceeded(response, fields);
                case 413 -> new FileTooLarge(response, fields);
                default -> new UnexpectedResponse(response);
            };
        }
    }

    /** A JSON value, for programs without a JSON library. */
    record Json(Object value) {
        Json get(String name) {
            return members().getOrDefault(name, new Json(null));
        }

        @SuppressWarnings("unchecked")
        Map<String, Json> members() {
            return value instanceof Map ? (Map<String, Json>) value : Map.of();
        }

        @SuppressWarnings("unchecked")
        List<Json> items() {
            return value instanceof List ? (List<Json>) value : List.of();
        }

        String text() {
            return value == null ? null : value.toString();
        }

        int number() {
            return value instanceof Double number ? number.intValue() : 0;
        }

        boolean isTrue() {
            return Boolean.TRUE.equals(value);
        }

        /** Read an object or throw an IllegalArgumentException. */
        static Json read(String text) {
            Reader reader = new Reader(text);
            Json json = reader.value();
            if (!(json.value instanceof Map) || reader.peek() != Reader.END) {
                throw new IllegalArgumentException("not a JSON object");
            }
            return json;
        }

        private static final class Reader {
            static final char END = '\0';
            private final String text;
            private int at;

            Reader(String text) {
                this.text = text;
            }

            Json value() {
                switch (peek()) {
                    case '{':
                        Map<String, Json> members = new LinkedHashMap<>();
                        for (char next = enter('}'); next != '}'; next = next('}')) {
                            String name = string();
                            expect(':');
                            members.put(name, value());
                        }
                        return new Json(members);
                    case '[':
                        List<Json> items = new ArrayList<>();
                        for (char next = enter(']'); next != ']'; next = next(']')) {
                            items.add(value());
                        }
                        return new Json(items);
                    case '"':
                        return new Json(string());
                    default:
                        return new Json(word());
                }
            }

            /** The next character that is no white space. */
            char peek() {
                while (at < text.length() && " \t\r\n".indexOf(text.charAt(at)) >= 0) {
                    at++;
                }
                return at < text.length() ? text.charAt(at) : END;
            }

            private void expect(char wanted) {
                if (peek() != wanted) {
                    throw new IllegalArgumentException("expected " + wanted + " at " + at);
                }
                at++;
            }

            /** Pass the opening bracket, and the closing one if it follows. */
            private char enter(char closing) {
                at++;
                if (peek() == closing) {
                    at++;
                    return closing;
                }
                return ',';
            }

            /** Pass a comma or the closing bracket; return which. */
            private char next(char closing) {
                char found = peek();
                expect(found == closing ? closing : ',');
                return found;
            }

            private String string() {
                expect('"');
                StringBuilder read = new StringBuilder();
                while (at < text.length() && text.charAt(at) != '"') {
                    char next = text.charAt(at++);
                    read.append(next == '\\' ? escaped() : next);
                }
                expect('"');
                return read.toString();
            }

            private char escaped() {
                char kind = at < text.length() ? text.charAt(at++) : END;
                if (kind == 'u' && at + 4 <= text.length()) {
                    at += 4;
                    return (char) Integer.parseInt(text.substring(at - 4, at), 16);
                }
                int known = "bfnrt".indexOf(kind);
                return known < 0 ? kind : "\b\f\n\r\t".charAt(known);
            }

            private Object word() {
                int start = at;
                while (at < text.length() && ",]} \t\r\n".indexOf(text.charAt(at)) < 0) {
                    at++;
                }
                String word = text.substring(start, at);
                return switch (word) {
                    case "null" -> null;
                    case "true" -> true;
                    case "false" -> false;
                    default -> Double.valueOf(word); // a NumberFormatException is an IllegalArgumentException
                };
            }
        }
    }

    private static String environment(String name) {
        String value = System.getenv(name);
        if (value == null || value.isEmpty()) {
            throw new IllegalArgumentException("Set " + name + ".");
        }
        return value;
    }

    private static void run(Path file, String listId, Strategy strategy)
            throws IOException, InterruptedException, Refused, Unavailable {
        double seconds = Double.parseDouble(System.getenv().getOrDefault("QLARA_TIMEOUT", "30"));
        Qlara qlara = new Qlara(
            environment("QLARA_BASE_URL"), environment("QLARA_API_KEY"), Duration.ofMillis((long) (seconds * 1000)));
        ImportReport report = qlara.upload(file, listId, strategy);
        Summary counts = report.summary();
        System.out.printf(
            "%d of %d imported, %d duplicates%n", counts.imported(), counts.total(), counts.duplicates());
        for (CardError each : report.errors()) { // cards that were left out; the others are imported
            System.out.printf("line %d: %s: %s%n", each.line(), each.name(), each.reason());
        }
        List<String> names = new ArrayList<>();
        qlara.contacts(listId, contact -> names.add(contact.name()));
        String last = names.isEmpty() ? "nobody" : names.get(names.size() - 1);
        System.out.printf("%d contacts in %s, the last of them %s%n", names.size(), listId, last);
        Quota quota = qlara.quota();
        System.out.printf("%d of %d contacts used%n", quota.used(), quota.total());
    }

    public static void main(String[] arguments) throws Exception {
        if (arguments.length < 2) {
            System.err.println("Usage: java ImportContacts.java FILE LIST_ID [SKIP|UPDATE|DUPLICATE]");
            System.exit(1);
        }
        try {
            Strategy strategy = Strategy.valueOf(arguments.length > 2 ? arguments[2] : "SKIP");
            run(Path.of(arguments[0]), arguments[1], strategy);
        } catch (Refused refused) {
            System.err.printf("%d %s: %s (request %s)%n", refused.status,
                refused.getClass().getSimpleName(), refused.getMessage(), refused.requestId);
            System.exit(1);
        } catch (Unavailable unavailable) {
            System.err.println("Unavailable: " + unavailable.getMessage());
            System.exit(1);
        } catch (FileNotFoundException missing) {
            System.err.println(missing.getMessage());
            System.exit(1);
        } catch (IllegalArgumentException wrong) {
            System.err.println(wrong.getMessage());
            System.exit(1);
        }
    }
}
