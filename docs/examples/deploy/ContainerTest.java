// With JUnit 5 and org.testcontainers:junit-jupiter: one sandbox for all tests, an account of its own for each.

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse.BodyHandlers;
import java.util.UUID;
import org.junit.jupiter.api.Test;
import org.testcontainers.containers.GenericContainer;
import org.testcontainers.containers.wait.strategy.Wait;
import org.testcontainers.junit.jupiter.Container;
import org.testcontainers.junit.jupiter.Testcontainers;

@Testcontainers
class ContainerTest {
    @Container
    static final GenericContainer<?> QLARA = new GenericContainer<>("qlara-sandbox")
        .withExposedPorts(8080)
        .waitingFor(Wait.forHttp("/__health/ready").forPort(8080));

    @Test
    void aNewAccountIsEmpty() throws Exception {
        String base = "http://" + QLARA.getHost() + ":" + QLARA.getMappedPort(8080);
        HttpRequest request = HttpRequest
            .newBuilder(URI.create(base + "/api/v1/partner-gateway/subscription/contacts"))
            .header("X-Api-Key", "sandbox_" + UUID.randomUUID() + "__crm-migration")
            .build();
        String body = HttpClient.newHttpClient().send(request, BodyHandlers.ofString()).body();
        assertEquals("{\"used\":0,\"total\":50000}", body);
    }
}
