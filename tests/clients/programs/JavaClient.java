// The import as a program that uses java.net.http.HttpClient makes it.
import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.regex.Pattern;

public class JavaClient {
    static final HttpClient CLIENT = HttpClient.newHttpClient();
    static String base;
    static Path folder;

    public static void main(String[] arguments) throws Exception {
        base = arguments[0];
        folder = Path.of(arguments[1]);
        String key = arguments[2];
        PrintStream out = new PrintStream(System.out, true, StandardCharsets.UTF_8);
        out.println(upload("Rubrica Citt\u00e0.vcf", key));
        out.println(list(key).statusCode());
        out.println(upload("no-vcard.vcf", key));
        out.println(upload("Rubrica Citt\u00e0.vcf", "unknown"));
        out.println(upload("Rubrica Citt\u00e0.vcf", key + "__quota-exhausted"));
        out.println(upload("oversized.vcf", key));
        HttpResponse<String> last = list(key);
        var name = Pattern.compile("\"name\":\"([^\"]*)\"").matcher(last.body());
        var tags = Pattern.compile("\"tags\":\\[\"([^\"]*)\",\"([^\"]*)\"").matcher(last.body());
        name.find();
        tags.find();
        out.println(last.statusCode() + " " + name.group(1) + " " + tags.group(1) + " " + tags.group(2));
    }

    static int upload(String name, String key) throws Exception {
        String boundary = "----=_Part_1_153.158";
        var body = new ByteArrayOutputStream();
        body.write(("--" + boundary + "\r\nContent-Disposition: form-data; name=\"file\"; filename=\"" + name
            + "\"\r\nContent-Type: text/vcard\r\n\r\n").getBytes(StandardCharsets.UTF_8));
        body.write(read(name));
        body.write(("\r\n" + field(boundary, "listId", "list_crm_migration") + field(boundary, "tags", "citt\u00e0,q2")
            + "--" + boundary + "--\r\n").getBytes(StandardCharsets.UTF_8));
        var request = HttpRequest.newBuilder(URI.create(base + "/api/partner-gateway/v1/contacts/upload/vcard"))
            .header("X-Api-Key", key)
            .header("Content-Type", "multipart/form-data; boundary=" + boundary)
            .POST(HttpRequest.BodyPublishers.ofByteArray(body.toByteArray()))
            .build();
        return CLIENT.send(request, HttpResponse.BodyHandlers.ofString()).statusCode();
    }

    // The names of files depend on the locale of the machine, so the folder is searched for its ending.
    static byte[] read(String name) throws Exception {
        if (name.startsWith("Rubrica")) {
            try (var files = Files.list(folder)) {
                return Files.readAllBytes(files.filter(f -> f.getFileName().toString().startsWith("Rubrica")).findFirst().get());
            }
        }
        return Files.readAllBytes(folder.resolve(name));
    }

    static String field(String boundary, String name, String value) {
        return "--" + boundary + "\r\nContent-Disposition: form-data; name=\"" + name + "\"\r\n\r\n" + value + "\r\n";
    }

    static HttpResponse<String> list(String key) throws Exception {
        var uri = URI.create(base + "/api/partner-gateway/v1/contacts/list/list_crm_migration/contacts");
        var request = HttpRequest.newBuilder(uri).header("X-Api-Key", key).build();
        return CLIENT.send(request, HttpResponse.BodyHandlers.ofString());
    }
}
